// The only directory that a trainer sees of the data: `files` holds what it was granted, for reading; `work` takes what it writes.

import { mkdirSync } from 'node:fs'
import { copyFile, link, rm } from 'node:fs/promises'
import { join } from 'node:path'

export class TrainerDirectory {
  /** Where the trainer starts. */
  readonly path: string
  /** Everything that the trainer writes goes here. */
  readonly work: string
  readonly #files: string
  #count = 0

  /** @param path exists and is empty */
  constructor(path: string) {
    this.path = path
    this.#files = join(path, 'files')
    this.work = join(path, 'work')
    mkdirSync(this.#files)
    mkdirSync(this.work)
  }

  /**
   * Another name for a file's content, below `files`: what happens to the first name later changes nothing. A copy where storage lies on
   * another file system.
   */
  async grant(source: string): Promise<string> {
    const path = join(this.#files, String(this.#count++))
    await link(source, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw error
      return copyFile(source, path)
    })
    return path
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}
