// The API as a process of its own, to measure its memory and to end it with signals.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { launchArguments } from '@trainyard/launch'

const SERVER = fileURLToPath(new URL('../server.ts', import.meta.url))

export interface ApiProcess {
  readonly url: string
  /** Largest resident memory so far (VmHWM). Linux only. */
  peakBytes(): Promise<number>
  /** @returns the exit code */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export async function startApiProcess(databaseUrl: string, storageUrl: string): Promise<ApiProcess> {
  const env = { DATABASE_URL: databaseUrl, STORAGE_URL: storageUrl, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' }
  const child = spawn(process.execPath, launchArguments(SERVER), { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await listeningUrl(child)
  return {
    url,
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
    },
    async stop(signal = 'SIGTERM') {
      const exited = once(child, 'exit')
      child.kill(signal)
      const [code] = await exited
      return code
    },
  }
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the API has no output')
  const lines = createInterface({ input: child.stdout })
  for await (const line of lines) {
    const { msg, url } = JSON.parse(line)
    if (msg !== 'listening') continue
    // Whoever does not read fills the pipe.
    child.stdout.resume()
    return url
  }
  throw new Error('the API ended before it listened')
}
