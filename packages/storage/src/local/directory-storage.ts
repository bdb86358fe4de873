// Objects as files of one directory. A write goes to a temporary file beside its place, reaches the disk, and is renamed: readers see the old
// object or the new one, also after a power cut.

import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, constants, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { TrainyardError } from '@trainyard/errors'
import { checkKey, checkPrefix, missing } from '../key.ts'
import { measure, requireCommit } from '../measure.ts'
import type {
  ByteRange,
  DirectPart,
  ObjectStat,
  ObjectStorage,
  PartedUpload,
  PutOptions,
  StoredObject,
  StoredPart,
} from '../object-storage.ts'

/** Keys cannot begin with a dot, so that no object is ever taken for a temporary file. */
const TEMPORARY = '.put-'
/** Of what comes in parts: it may stay for days, and its row tells until when. */
const PARTED = '.parts-'

export class DirectoryStorage implements ObjectStorage {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    return this.#write(this.#path(key), key, source, options)
  }

  bytesHeld(): number {
    return 0
  }

  putFile(key: string, path: string, options: PutOptions = {}): Promise<StoredObject> {
    return this.put(key, createReadStream(path, { highWaterMark: 1 << 20 }), options)
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const path = this.#path(key)
    // Opened before it is returned, so that a missing object is an error here and not later in the stream.
    const handle = await open(path, 'r').catch((error: unknown) => {
      throw translate(error, key)
    })
    return handle.createReadStream({ ...range, highWaterMark: 1 << 18 })
  }

  async stat(key: string): Promise<ObjectStat | null> {
    try {
      const found = await stat(this.#path(key))
      return found.isFile() ? { key, bytes: found.size, modifiedAt: found.mtime } : null
    } catch (error) {
      if (isMissing(error)) return null
      throw translate(error, key)
    }
  }

  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true })
  }

  async *list(prefix: string): AsyncIterable<ObjectStat> {
    checkPrefix(prefix)
    yield* this.#walk(join(this.#root, prefix))
  }

  /** A directory with a file for each part: one that is sent twice at once is one of the two, and what is complete does not change any more. */
  async beginParts(key: string, partBytes: number): Promise<PartedUpload> {
    const upload = { key, token: `${PARTED}${randomUUID()}`, partBytes }
    await makeDirectory(this.#partsPath(upload))
    return upload
  }

  async putPart(upload: PartedUpload, number: number, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredPart> {
    return { number, tag: '', ...(await this.#write(join(this.#partsPath(upload), String(number)), upload.key, source, options)) }
  }

  async listDirectParts(): Promise<null> {
    return null
  }

  async completeParts(upload: PartedUpload, parts: readonly DirectPart[]): Promise<string> {
    const directory = this.#partsPath(upload)
    async function* whole() {
      for (const { number } of parts) yield* createReadStream(join(directory, String(number)), { highWaterMark: 1 << 20 })
    }
    const { sha256 } = await this.put(upload.key, whole()).catch(async (error: unknown) => {
      // Whoever completed it before has removed the parts.
      if (await isThere(directory)) throw error
      return measured(await this.get(upload.key))
    })
    await this.abortParts(upload)
    return sha256
  }

  async abortParts(upload: PartedUpload): Promise<void> {
    await rm(this.#partsPath(upload), { recursive: true, force: true })
  }

  async removeUnfinished(before: Date): Promise<number> {
    let removed = 0
    for await (const path of temporaryFiles(this.#root)) {
      const found = await stat(path).catch(() => null)
      if (found === null || found.mtime >= before) continue
      await rm(path, { force: true })
      removed++
    }
    return removed
  }

  async presignPart(): Promise<null> {
    return null
  }

  localPath(key: string): string {
    return this.#path(key)
  }

  async check(): Promise<void> {
    await makeDirectory(this.#root)
    await access(this.#root, constants.R_OK | constants.W_OK)
  }

  async close(): Promise<void> {}

  async #write(path: string, key: string, source: AsyncIterable<Uint8Array>, options: PutOptions): Promise<StoredObject> {
    const { signal, mayCommit } = options
    const temporary = join(dirname(path), `${TEMPORARY}${randomUUID()}`)
    await makeDirectory(dirname(path))
    const { stream, result } = measure(source, options)
    // Opened before anything can fail: a stream that is destroyed while it opens its file creates it after we have removed it.
    const handle = await open(temporary, 'wx').catch((error: unknown) => {
      throw translate(error, key)
    })
    try {
      // `flush` is an fsync before the file is closed.
      await pipeline(stream, handle.createWriteStream({ flush: true }), signal === undefined ? {} : { signal })
      // A process may have slept since the last byte.
      requireCommit(mayCommit)
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw translate(error, key)
    }
    await syncDirectory(dirname(path))
    return result()
  }

  #partsPath({ key, token }: PartedUpload): string {
    return join(dirname(this.#path(key)), token)
  }

  #path(key: string): string {
    checkKey(key)
    return join(this.#root, key)
  }

  async *#walk(directory: string): AsyncGenerator<ObjectStat> {
    const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return []
      throw error
    })
    // In the order of whole keys: a directory sorts as its name with the slash.
    const rank = (entry: (typeof entries)[number]) => (entry.isDirectory() ? `${entry.name}/` : entry.name)
    for (const entry of entries.sort((a, b) => (rank(a) < rank(b) ? -1 : 1))) {
      if (entry.name.startsWith('.')) continue
      const path = join(directory, entry.name)
      if (entry.isDirectory()) yield* this.#walk(path)
      else {
        const found = await this.stat(relative(this.#root, path).split(sep).join('/'))
        if (found !== null) yield found
      }
    }
  }
}

/** Of all directories below, those for parts too. */
async function* temporaryFiles(directory: string): AsyncGenerator<string> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  for (const entry of entries) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* temporaryFiles(path)
    else if (entry.name.startsWith(TEMPORARY)) yield path
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** What a stream holds, read to its end. */
async function measured(source: AsyncIterable<Uint8Array>): Promise<StoredObject> {
  const { stream, result } = measure(source)
  for await (const _ of stream);
  return result()
}

/** Creates what is missing, and makes the new names durable. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  for (let directory = path; directory.length >= dirname(first).length; directory = dirname(directory)) await syncDirectory(directory)
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR'

function translate(error: unknown, key: string): unknown {
  if (isMissing(error)) return missing(key, error)
  if (codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT') {
    return new TrainyardError('storage_full', { detail: `no space left for the object "${key}"`, cause: error })
  }
  return error
}
