// Objects by key: what every kind of storage offers. Keys are paths of plain segments, and an object is there as a whole or not at all.

import type { Readable } from 'node:stream'

/** Bytes from `start` to `end`, both included, as in an HTTP range. */
export interface ByteRange {
  readonly start: number
  readonly end?: number
}

export interface StoredObject {
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface ObjectStat {
  readonly key: string
  readonly bytes: number
  readonly modifiedAt: Date
}

export interface PutOptions {
  /** Ends the upload; nothing is left of it. */
  readonly signal?: AbortSignal
}

export interface ObjectStorage {
  /**
   * Stores a stream under a key with flat memory, replacing what was there. When it resolves, the object survives a crash of the machine; when
   * it rejects (source failed, aborted, storage full), the key holds what it held before.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject>
  /** As `put`, from a file. */
  putFile(key: string, path: string, options?: PutOptions): Promise<StoredObject>
  /** @throws TrainyardError `not_found` when there is no such object. */
  get(key: string, range?: ByteRange): Promise<Readable>
  stat(key: string): Promise<ObjectStat | null>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
  /** Everything below a prefix of whole segments (`datasets/…/`), or everything for ''. In the order of the keys. */
  list(prefix: string): AsyncIterable<ObjectStat>
  /** The object as a file for reading by position, or null where it has none (S3) and must be copied first. */
  localPath(key: string): string | null
  /** Whether the storage answers; rejects with the reason if not. */
  check(): Promise<void>
  close(): Promise<void>
}
