// Objects of storage as files that a trainer may read: in place where storage is a directory, else a copy that later runs use again.

import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { TrainyardError } from '@trainyard/errors'
import type { ObjectStorage } from '@trainyard/storage'

export class FileGrants {
  readonly #storage: ObjectStorage
  readonly #cache: string

  /** @param cache for copies that later runs use again */
  constructor(storage: ObjectStorage, cache: string) {
    this.#storage = storage
    this.#cache = cache
  }

  /**
   * The path of a file with the object's content.
   * @param sha256 Names the copy, which is checked against it; null for a source that is used once: its copy goes into `directory`.
   */
  async grant(key: string, sha256: string | null, directory = this.#cache): Promise<string> {
    const local = this.#storage.localPath(key)
    if (local !== null) return local
    const path = join(directory, sha256 ?? randomUUID())
    if (sha256 !== null && (await stat(path).catch(() => null)) !== null) return path
    await mkdir(directory, { recursive: true })
    const temporary = `${path}.${randomUUID()}.tmp`
    try {
      await pipeline(await this.#storage.get(key), createWriteStream(temporary, { flush: true }))
      if (sha256 !== null) await verify(temporary, sha256)
      await rename(temporary, path)
    } finally {
      await rm(temporary, { force: true })
    }
    return path
  }

  /**
   * As `grant`, with the content compared each time: for checkpoints.
   * @param directory for a copy that is of use to one run only
   * @throws TrainyardError corrupt_checkpoint when it differs or is missing
   */
  async grantVerified(key: string, sha256: string, directory = this.#cache): Promise<string> {
    try {
      const path = await this.grant(key, sha256, directory)
      await verify(path, sha256)
      return path
    } catch (cause) {
      if (cause instanceof TrainyardError && cause.code === 'not_found') {
        throw new TrainyardError('corrupt_checkpoint', { detail: 'its file is missing', cause })
      }
      throw cause
    }
  }
}

async function verify(path: string, sha256: string): Promise<void> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer)
  } catch (cause) {
    throw new TrainyardError('corrupt_checkpoint', { detail: 'its file cannot be read', cause })
  }
  const found = hash.digest('hex')
  if (found === sha256) return
  throw new TrainyardError('corrupt_checkpoint', {
    detail: `its file has the SHA-256 ${found.slice(0, 12)}…; expected ${sha256.slice(0, 12)}…`,
  })
}
