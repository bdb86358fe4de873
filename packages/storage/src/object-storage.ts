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
  /** Asked when all bytes are there, before they become the object: false ends the upload as if it was aborted. */
  readonly mayCommit?: () => boolean
  /** What the bytes must be; others end the upload as if it was aborted. Lower-case hex. */
  readonly sha256?: string
}

/** An object that arrives in parts, in any order and over any number of connections. */
export interface PartedUpload {
  readonly key: string
  /** Names it in the storage; made by `beginParts`. */
  readonly token: string
  /** Of every part but the last. */
  readonly partBytes: number
}

export interface StoredPart extends StoredObject {
  /** From 1. */
  readonly number: number
  /** What `completeParts` needs to know of it. */
  readonly tag: string
}

/** A part that a client has sent to the storage itself: nothing of ours has seen its content. */
export type DirectPart = Pick<StoredPart, 'number' | 'bytes' | 'tag'>

export interface ObjectStorage {
  /**
   * Stores a stream under a key with flat memory, replacing what was there. When it resolves, the object survives a crash of the machine; when
   * it rejects (source failed, aborted, storage full), the key holds what it held before.
   */
  put(key: string, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject>
  /**
   * Bytes that `put` holds in memory, or `putPart` of such a part: 0 where they go through it as they come.
   * @param partBytes default: a `put`
   */
  bytesHeld(partBytes?: number): number
  /** As `put`, from a file. */
  putFile(key: string, path: string, options?: PutOptions): Promise<StoredObject>
  /** @throws TrainyardError `not_found` when there is no such object. */
  get(key: string, range?: ByteRange): Promise<Readable>
  stat(key: string): Promise<ObjectStat | null>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
  /** Everything below a prefix of whole segments (`datasets/…/`), or everything for ''. In the order of the keys. */
  list(prefix: string): AsyncIterable<ObjectStat>
  /** Nothing is visible under the key until `completeParts`; what is begun and never completed is for `abortParts`. */
  beginParts(key: string, partBytes: number): Promise<PartedUpload>
  /** Stores or replaces one part; when it resolves, the part survives a crash. */
  putPart(upload: PartedUpload, number: number, source: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredPart>
  /** What has arrived by `presignPart`, in order; null where nothing can. */
  listDirectParts(upload: PartedUpload): Promise<readonly DirectPart[] | null>
  /**
   * Makes the object of all its parts, in order. Completing again what is complete is no error.
   * @returns The hash of the whole; null where the storage put it together out of our sight.
   */
  completeParts(upload: PartedUpload, parts: readonly DirectPart[]): Promise<string | null>
  /** Aborting what is not there is no error. */
  abortParts(upload: PartedUpload): Promise<void>
  /** A URL to which anybody may PUT that part for some seconds, or null where the storage has none. */
  presignPart(upload: PartedUpload, number: number, expiresS: number): Promise<string | null>
  /**
   * Removes what processes that were killed in the middle of a `put` have left, where the storage shows it to us; in S3 a rule of the bucket
   * does (AbortIncompleteMultipartUpload).
   * @param before longer ago than any `put` takes @returns how many
   */
  removeUnfinished(before: Date): Promise<number>
  /** The object as a file for reading by position, or null where it has none (S3) and must be copied first. */
  localPath(key: string): string | null
  /** Whether the storage answers; rejects with the reason if not. */
  check(): Promise<void>
  close(): Promise<void>
}
