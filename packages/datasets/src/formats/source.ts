// An uploaded file as the readers see it: bytes from the start, unpacked where they are gzip, or parts of the file at random.

import { createReadStream, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { UploadRole } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'
import { invalidData } from '../problems.ts'
import { ByteReader } from './byte-reader.ts'

export interface DataSource {
  readonly role: UploadRole
  /** The file's name as the user gave it: for texts only, never a path. */
  readonly name: string
  /** Bytes as stored. */
  readonly size: number
  /** May be called more than once; each call reads from the start. */
  open(): AsyncIterable<Uint8Array>
  openRandom(): Promise<RandomAccess>
}

export interface RandomAccess {
  readonly size: number
  /** These bytes, fewer at the end of the file; never more than are there. */
  read(offset: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

const GZIP = [0x1f, 0x8b] as const

/** A source that reads a file of this machine. */
export function fileSource(role: UploadRole, name: string, path: string): DataSource {
  const { size } = statSync(path)
  return {
    role,
    name,
    size,
    open: () => createReadStream(path, { highWaterMark: 1 << 18 }),
    async openRandom() {
      const handle = await open(path)
      return {
        size,
        async read(offset, length) {
          const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)))
          const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset)
          return bytes.subarray(0, bytesRead)
        },
        close: () => handle.close(),
      }
    },
  }
}

/** A source in memory: tests, and files inside of archives. */
export function bytesSource(role: UploadRole, name: string, bytes: Uint8Array, pieceBytes = 1 << 16): DataSource {
  return {
    role,
    name,
    size: bytes.length,
    async *open() {
      for (let i = 0; i < bytes.length; i += pieceBytes) yield bytes.subarray(i, i + pieceBytes)
    },
    openRandom: async () => ({
      size: bytes.length,
      read: async (offset, length) => bytes.subarray(offset, offset + length),
      close: async () => {},
    }),
  }
}

export interface OpenedSource {
  /** The unpacked bytes, from the start. */
  readonly reader: ByteReader
  readonly isPacked: boolean
}

/** @throws TrainyardError `invalid_data` while reading, when the gzip data is damaged or unpacks to more than the limit */
export async function openSource(source: DataSource, limits: PrepareLimits, signal?: AbortSignal): Promise<OpenedSource> {
  const countedReader = (bytes: AsyncIterable<Uint8Array>) =>
    new ByteReader(bytes, { signal, bytesMax: limits.inflatedBytesMax, onTooLarge: () => refuseSize(source.name, limits) })
  const stored = countedReader(source.open())
  try {
    const head = await stored.peek(GZIP.length)
    const isPacked = head.length === GZIP.length && GZIP.every((byte, i) => head[i] === byte)
    return { reader: isPacked ? countedReader(gunzip(stored, source.name)) : stored, isPacked }
  } catch (error) {
    await stored.close()
    throw error
  }
}

async function* gunzip(packed: ByteReader, name: string): AsyncGenerator<Uint8Array> {
  const input = Readable.from(packed.rest(), { objectMode: false })
  const inflate = createGunzip({ chunkSize: 1 << 18 })
  input.once('error', (error) => inflate.destroy(error))
  try {
    yield* input.pipe(inflate) as AsyncIterable<Uint8Array>
  } catch (error) {
    if (!isZlibError(error)) throw error
    throw invalidData(name, {
      code: 'damaged_gzip',
      what: `the gzip data is damaged or cut off: ${error.message}`,
      hint: 'Pack the file again, and compare its size after the upload.',
    })
  } finally {
    input.destroy()
    inflate.destroy()
    await packed.close()
  }
}

export function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}

export function refuseSize(name: string, limits: PrepareLimits): never {
  throw invalidData(name, {
    code: 'too_large',
    what: `more than ${limits.inflatedBytesMax} bytes after unpacking`,
    hint: 'Split the data, or ask the operator for a higher limit.',
  })
}
