// Zip archives: yauzl reads the directory, the data of an entry is read in one piece and unpacked under a bound. Anything that two programs
// could understand differently (overlaps, duplicates, other sizes than declared) is refused.

import { Readable } from 'node:stream'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { type Entry, fromRandomAccessReader, getFileNameLowLevel, RandomAccessReader, type ZipFile } from 'yauzl'
import type { PrepareLimits } from '../../limits.ts'
import { invalidData, Problems, shown } from '../../problems.ts'
import { type DataSource, isZlibError, type RandomAccess } from '../source.ts'
import { type Archive, type ArchiveEntry, type ArchiveReader, EntryNames } from './archive.ts'

const STORED = 0
const DEFLATED = 8
/** Fixed part of a local header (APPNOTE 4.3.7). */
const LOCAL_HEADER_BYTES = 30
const LOCAL_SIGNATURE = 0x04034b50
/** Bytes read beyond the declared ones, for extra fields that only the local header has. */
const EXTRA_GUESS = 256
/** High 16 bits of the external attributes of an entry made on Unix: its mode. */
const UNIX = 3
const TYPE_MASK = 0o170000
const TYPE_FILE = 0o100000
const TYPE_FOLDER = 0o040000
/** DEFLATE cannot pack better than this (zlib's technical notes: 1032:1). */
const RATIO_MAX = 1032
const STREAM_BYTES = 1 << 18

interface ZipEntry extends ArchiveEntry {
  readonly offset: number
  readonly packedSize: number
  readonly method: number
  readonly crc: number
  readonly nameBytes: number
}

/** @throws TrainyardError `invalid_data` for an archive that is damaged or hostile, with every reason */
export async function openZip(source: DataSource, limits: PrepareLimits, signal?: AbortSignal): Promise<Archive> {
  const random = await source.openRandom()
  try {
    const entries = await listEntries(random, source.name, limits, signal)
    return { entries, open: async (readSignal) => new ZipReader(await source.openRandom(), source.name, limits, readSignal) }
  } finally {
    await random.close()
  }
}

async function listEntries(random: RandomAccess, name: string, limits: PrepareLimits, signal?: AbortSignal): Promise<ZipEntry[]> {
  const zip = await openDirectory(random, name)
  const problems = new Problems(name)
  const names = new EntryNames(problems)
  const entries: ZipEntry[] = []
  let row = 0
  try {
    if (zip.entryCount > limits.archiveEntriesMax) throw tooManyEntries(name, limits)
    for await (const entry of zip.eachEntry()) {
      signal?.throwIfAborted()
      row++
      if (row > limits.archiveEntriesMax) throw tooManyEntries(name, limits)
      const accepted = acceptEntry(entry, row, names, problems)
      if (accepted !== null) entries.push(accepted)
    }
  } catch (error) {
    if (error instanceof Error && !('issues' in error) && signal?.aborted !== true) throw damaged(name, error.message)
    throw error
  } finally {
    zip.close()
  }
  checkOverlaps(entries, problems)
  problems.throwIfAny()
  const total = entries.reduce((sum, { size }) => sum + size, 0)
  if (total > limits.inflatedBytesMax) {
    throw invalidData(name, {
      code: 'too_large',
      what: `the archive declares ${total} bytes after unpacking; expected at most ${limits.inflatedBytesMax}`,
      hint: 'Split the data, or ask the operator for a higher limit.',
    })
  }
  return entries
}

function acceptEntry(entry: Entry, row: number, names: EntryNames, problems: Problems): ZipEntry | null {
  const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true)
  const mode = entry.versionMadeBy >> 8 === UNIX ? (entry.externalFileAttributes >>> 16) & TYPE_MASK : 0
  if (mode !== 0 && mode !== TYPE_FILE && mode !== TYPE_FOLDER) {
    names.link(name, row)
    return null
  }
  const path = names.accept(name, row)
  if (path === null || path.endsWith('/')) return null
  const refuse = (code: string, what: string, hint: string) => {
    problems.add({ code, what, row, example: name, hint })
    return null
  }
  if (entry.isEncrypted()) return refuse('encrypted', 'encrypted files', 'Pack the files without a password.')
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    return refuse(
      'unsupported_compression',
      `files packed with method ${entry.compressionMethod}`,
      'Pack them with DEFLATE, the usual method.',
    )
  }
  const isPossible =
    entry.compressionMethod === STORED
      ? entry.uncompressedSize === entry.compressedSize
      : entry.uncompressedSize <= (entry.compressedSize + 1) * RATIO_MAX
  if (!isPossible) {
    return refuse('wrong_size', 'declared sizes that cannot be', 'Pack the files again.')
  }
  return {
    path,
    size: entry.uncompressedSize,
    offset: entry.relativeOffsetOfLocalHeader,
    packedSize: entry.compressedSize,
    method: entry.compressionMethod,
    crc: entry.crc32,
    nameBytes: entry.fileNameLength,
  }
}

/** Entries that share bytes make small bombs large (Fifield, "A better zip bomb", WOOT 2019). */
function checkOverlaps(entries: readonly ZipEntry[], problems: Problems): void {
  const ordered = entries.toSorted((a, b) => a.offset - b.offset)
  let end = 0
  for (const entry of ordered) {
    if (entry.offset < end) {
      problems.add({
        code: 'overlapping_entries',
        what: 'files that share bytes of the archive',
        example: entry.path,
        row: entries.indexOf(entry) + 1,
        hint: 'Pack the files again.',
      })
      return
    }
    end = entry.offset + LOCAL_HEADER_BYTES + entry.nameBytes + entry.packedSize
  }
}

class ZipReader implements ArchiveReader {
  constructor(
    readonly random: RandomAccess,
    readonly name: string,
    readonly limits: PrepareLimits,
    readonly signal: AbortSignal | undefined,
  ) {}

  async read(entry: ArchiveEntry): Promise<Uint8Array> {
    this.signal?.throwIfAborted()
    const zip = entry as ZipEntry
    const packed = await this.#packed(zip)
    const bytes = zip.method === STORED ? packed : this.#inflate(packed, zip)
    if (bytes.length !== zip.size || crc32(bytes) !== zip.crc) throw this.#damagedEntry(zip, 'its checksum is wrong')
    return bytes
  }

  async *stream(entry: ArchiveEntry): AsyncGenerator<Uint8Array> {
    const zip = entry as ZipEntry
    const pieces = this.#pieces(zip)
    let count = 0
    const counted = (chunk: Uint8Array) => {
      count += chunk.length
      if (count > zip.size) throw this.#damagedEntry(zip, `it unpacks to more than the declared ${zip.size} bytes`)
      return chunk
    }
    if (zip.method === STORED) for await (const chunk of pieces) yield counted(chunk)
    else {
      const input = Readable.from(pieces, { objectMode: false })
      const inflate = createInflateRaw({ chunkSize: STREAM_BYTES })
      input.once('error', (error) => inflate.destroy(error))
      try {
        for await (const chunk of input.pipe(inflate) as AsyncIterable<Uint8Array>) yield counted(chunk)
      } catch (error) {
        if (!isZlibError(error)) throw error
        throw this.#damagedEntry(zip, error.message)
      } finally {
        input.destroy()
        inflate.destroy()
      }
    }
    if (count !== zip.size) throw this.#damagedEntry(zip, `it unpacks to ${count} bytes, not to the declared ${zip.size}`)
  }

  async close(): Promise<void> {
    await this.random.close()
  }

  async #packed(entry: ZipEntry): Promise<Uint8Array> {
    const guess = LOCAL_HEADER_BYTES + entry.nameBytes + entry.packedSize + EXTRA_GUESS
    const bytes = await this.random.read(entry.offset, guess)
    const start = this.#dataStart(bytes, entry)
    if (start + entry.packedSize <= bytes.length) return bytes.subarray(start, start + entry.packedSize)
    const data = await this.random.read(entry.offset + start, entry.packedSize)
    if (data.length < entry.packedSize) throw this.#damagedEntry(entry, 'the archive ends within it')
    return data
  }

  async *#pieces(entry: ZipEntry): AsyncGenerator<Uint8Array> {
    const start = entry.offset + this.#dataStart(await this.random.read(entry.offset, LOCAL_HEADER_BYTES), entry)
    for (let at = 0; at < entry.packedSize; at += STREAM_BYTES) {
      this.signal?.throwIfAborted()
      const piece = await this.random.read(start + at, Math.min(STREAM_BYTES, entry.packedSize - at))
      if (piece.length === 0) throw this.#damagedEntry(entry, 'the archive ends within it')
      yield piece
    }
  }

  #dataStart(bytes: Uint8Array, entry: ZipEntry): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    if (bytes.length < LOCAL_HEADER_BYTES || view.getUint32(0, true) !== LOCAL_SIGNATURE) {
      throw this.#damagedEntry(entry, 'its header is missing')
    }
    return LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true)
  }

  #inflate(packed: Uint8Array, entry: ZipEntry): Uint8Array {
    try {
      return inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.size) })
    } catch (error) {
      throw this.#damagedEntry(
        entry,
        error instanceof RangeError ? `it unpacks to more than the declared ${entry.size} bytes` : String(error),
      )
    }
  }

  #damagedEntry(entry: ArchiveEntry, why: string) {
    return invalidData(this.name, {
      code: 'damaged_entry',
      what: `the file ${shown(entry.path)} in the archive is damaged: ${why}`,
      hint: 'Pack the files again, and compare the size of the archive after the upload.',
    })
  }
}

/** What yauzl reads from: a window on the file, since it asks for the directory entry by entry. */
class YauzlReader extends RandomAccessReader {
  #window: Uint8Array = new Uint8Array(0)
  #start = 0

  constructor(readonly random: RandomAccess) {
    super()
  }
  override _readStreamForRange(): Readable {
    throw new Error('entries are read by ZipReader')
  }
  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    this.#view(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset)
        callback(bytes.length < length ? new Error('the file ends early') : null)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    )
  }
  async #view(position: number, length: number): Promise<Uint8Array> {
    if (position < this.#start || position + length > this.#start + this.#window.length) {
      this.#window = await this.random.read(position, Math.max(length, STREAM_BYTES))
      this.#start = position
    }
    return this.#window.subarray(position - this.#start, position - this.#start + length)
  }
  override close(callback: (error: Error | null) => void): void {
    callback(null)
  }
}

async function openDirectory(random: RandomAccess, name: string): Promise<ZipFile> {
  return await new Promise((resolve, reject) => {
    // Names are checked by EntryNames; yauzl would stop at the first bad one.
    const options = { lazyEntries: true, autoClose: false, validateEntrySizes: false, decodeStrings: false }
    fromRandomAccessReader(new YauzlReader(random), random.size, options, (error, zip) => {
      if (error) reject(damaged(name, error.message))
      else resolve(zip)
    })
  })
}

function damaged(name: string, why: string) {
  return invalidData(name, {
    code: 'damaged_zip',
    what: `the zip archive is damaged or cut off: ${why}`,
    hint: 'Pack the files again, and compare the size of the archive after the upload.',
  })
}

export function tooManyEntries(name: string, { archiveEntriesMax }: PrepareLimits) {
  return invalidData(name, {
    code: 'too_many_entries',
    what: `more than ${archiveEntriesMax} files`,
    hint: 'Split the archive, or ask the operator for a higher limit.',
  })
}
