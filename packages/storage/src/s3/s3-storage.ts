// Objects of an S3-compatible service. Uploads are multipart with a bounded number of parts in memory; an aborted one is taken back.

import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListParts,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { checkKey, checkPrefix, missing } from '../key.ts'
import { measure } from '../measure.ts'
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

export interface S3StorageOptions {
  readonly bucket: string
  /** Before every key, without slashes around it. */
  readonly prefix: string
  readonly region: string
  /** Of a service other than AWS; addressed with the bucket in the path. */
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** S3 allows 10,000 parts: objects up to 78 GB. */
const PART_BYTES = 8 * 1024 * 1024
/** Parts in memory at once: 24 MB per upload. */
const PARTS_AT_ONCE = 3

export class S3Storage implements ObjectStorage {
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  constructor({ bucket, prefix, region, endpoint, credentials }: S3StorageOptions) {
    this.#bucket = bucket
    this.#prefix = prefix === '' ? '' : `${prefix}/`
    this.#client = new S3Client({
      region,
      // Other services do not all know the SDK's newer checksums; TLS and our own sha256 cover both directions.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
      ...(credentials === undefined ? {} : { credentials }),
    })
  }

  async put(key: string, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredObject> {
    const { signal } = options
    const { stream, result } = measure(source, options)
    const upload = new Upload({
      client: this.#client,
      params: { ...this.#at(key), Body: Readable.from(stream, { objectMode: false }) },
      partSize: PART_BYTES,
      queueSize: PARTS_AT_ONCE,
    })
    const abort = () => void upload.abort()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      await upload.done()
    } finally {
      signal?.removeEventListener('abort', abort)
    }
    return result()
  }

  bytesHeld(partBytes = PART_BYTES * PARTS_AT_ONCE): number {
    return partBytes
  }

  putFile(key: string, path: string, options: PutOptions = {}): Promise<StoredObject> {
    return this.put(key, createReadStream(path, { highWaterMark: 1 << 20 }), options)
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    const bytes = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end ?? ''}` }
    const { Body } = await this.#client.send(new GetObjectCommand({ ...this.#at(key), ...bytes })).catch((error: unknown) => {
      throw isMissing(error) ? missing(key, error) : error
    })
    if (!(Body instanceof Readable)) throw new Error(`storage gave no stream for "${key}"`)
    return Body
  }

  async stat(key: string): Promise<ObjectStat | null> {
    try {
      const { ContentLength, LastModified } = await this.#client.send(new HeadObjectCommand(this.#at(key)))
      return { key, bytes: ContentLength ?? 0, modifiedAt: LastModified ?? new Date(0) }
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#at(key)))
  }

  async *list(prefix: string): AsyncIterable<ObjectStat> {
    checkPrefix(prefix)
    let token: string | undefined
    do {
      const page = await this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#bucket,
          Prefix: this.#prefix + prefix,
          ...(token === undefined ? {} : { ContinuationToken: token }),
        }),
      )
      for (const { Key, Size, LastModified } of page.Contents ?? []) {
        if (Key === undefined) continue
        yield { key: Key.slice(this.#prefix.length), bytes: Size ?? 0, modifiedAt: LastModified ?? new Date(0) }
      }
      token = page.NextContinuationToken
    } while (token !== undefined)
  }

  async beginParts(key: string, partBytes: number): Promise<PartedUpload> {
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand(this.#at(key)))
    if (UploadId === undefined) throw new Error(`storage gave no upload id for "${key}"`)
    return { key, token: UploadId, partBytes }
  }

  /** The service wants to know a part's length before it begins, so that a part is held in memory while it is sent. */
  async putPart(upload: PartedUpload, number: number, source: AsyncIterable<Uint8Array>, options: PutOptions = {}): Promise<StoredPart> {
    const { signal } = options
    const { stream, result } = measure(source, options)
    const body = await buffer(stream)
    const { ETag } = await this.#client.send(
      new UploadPartCommand({ ...this.#part(upload, number), Body: body, ContentLength: body.length }),
      signal === undefined ? {} : { abortSignal: signal },
    )
    return { number, tag: ETag ?? '', ...result() }
  }

  async listDirectParts(upload: PartedUpload): Promise<readonly DirectPart[]> {
    const parts: DirectPart[] = []
    for await (const page of paginateListParts({ client: this.#client }, { ...this.#at(upload.key), UploadId: upload.token })) {
      for (const { PartNumber = 0, Size = 0, ETag = '' } of page.Parts ?? []) parts.push({ number: PartNumber, bytes: Size, tag: ETag })
    }
    return parts
  }

  async completeParts(upload: PartedUpload, parts: readonly DirectPart[]): Promise<null> {
    const Parts = parts.map(({ number, tag }) => ({ PartNumber: number, ETag: tag }))
    try {
      await this.#client.send(
        new CompleteMultipartUploadCommand({ ...this.#at(upload.key), UploadId: upload.token, MultipartUpload: { Parts } }),
      )
    } catch (error) {
      if (!isMissing(error)) throw error
      if ((await this.stat(upload.key)) === null) throw missing(upload.key, error)
    }
    return null
  }

  async abortParts(upload: PartedUpload): Promise<void> {
    try {
      await this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(upload.key), UploadId: upload.token }))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }

  async removeUnfinished(): Promise<number> {
    return 0
  }

  presignPart(upload: PartedUpload, number: number, expiresS: number): Promise<string> {
    return getSignedUrl(this.#client, new UploadPartCommand(this.#part(upload, number)), { expiresIn: expiresS })
  }

  localPath(key: string): null {
    checkKey(key)
    return null
  }

  async check(): Promise<void> {
    await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }))
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  #part(upload: PartedUpload, number: number) {
    return { ...this.#at(upload.key), UploadId: upload.token, PartNumber: number }
  }

  #at(key: string) {
    checkKey(key)
    return { Bucket: this.#bucket, Key: this.#prefix + key }
  }
}

const MISSING: readonly string[] = ['NoSuchKey', 'NotFound', 'NoSuchUpload']

const isMissing = (error: unknown): boolean => error instanceof Error && MISSING.includes(error.name)
