// Directories for the working files of runs and trainers. Their names say whose they are, so that the next worker of this machine removes
// what a killed one has left.

import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

const SEPARATOR = '~'

export class WorkDirectories {
  readonly #root: string
  /** A restarted container has the host name and process id of the one before it. */
  readonly #instance = randomUUID().slice(0, 8)
  #count = 0

  /** @param root exists */
  constructor(root: string) {
    this.#root = root
  }

  /** A new empty directory; whoever asked removes it. */
  make(purpose: 'code' | 'run' | 'trainer'): string {
    const path = join(this.#root, [purpose, hostname(), process.pid, this.#instance, this.#count++].join(SEPARATOR))
    mkdirSync(path)
    return path
  }

  /** Removes the directories of workers of this machine that are gone. @returns how many */
  async sweep(): Promise<number> {
    const left = (await readdir(this.#root)).filter((name) => this.#isLeftOver(name))
    await Promise.all(left.map((name) => rm(join(this.#root, name), { recursive: true, force: true })))
    return left.length
  }

  #isLeftOver(name: string): boolean {
    const [, host, pid, instance, count] = name.split(SEPARATOR)
    if (count === undefined || host !== hostname()) return false
    return Number(pid) === process.pid ? instance !== this.#instance : !isRunning(Number(pid))
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
