// Tar archives, plain or gzip: one pass lists the files and where they are; then they are read at random. A packed archive is unpacked into a
// file without a name first, which is gone when it is closed, however that happens.

import { mkdtempSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PrepareLimits } from '../../limits.ts'
import { invalidData, Problems, shown } from '../../problems.ts'
import type { ByteReader } from '../byte-reader.ts'
import { type DataSource, openSource, type RandomAccess } from '../source.ts'
import { type Archive, type ArchiveEntry, type ArchiveReader, EntryNames } from './archive.ts'
import { parsePax, parseTarHeader, TAR_BLOCK, type TarHeader } from './tar-header.ts'
import { tooManyEntries } from './zip.ts'

/** Longest name or pax header; longer ones are no names. */
const META_BYTES_MAX = 1 << 20
const STREAM_BYTES = 1 << 18

interface TarEntry extends ArchiveEntry {
  readonly offset: number
}

/** @throws TrainyardError `invalid_data` for an archive that is damaged or hostile, with every reason */
export async function openTar(source: DataSource, limits: PrepareLimits, signal?: AbortSignal): Promise<Archive> {
  const { reader, isPacked } = await openSource(source, limits, signal)
  try {
    const entries = await listEntries(reader, source.name, limits)
    return {
      entries,
      open: async (readSignal) =>
        new TarReader(isPacked ? await unpacked(source, limits, readSignal) : await source.openRandom(), source.name, readSignal),
    }
  } finally {
    await reader.close()
  }
}

async function listEntries(reader: ByteReader, name: string, limits: PrepareLimits): Promise<TarEntry[]> {
  const problems = new Problems(name)
  const names = new EntryNames(problems)
  const entries: TarEntry[] = []
  const block = new Uint8Array(TAR_BLOCK)
  let offset = 0
  let row = 0
  let next: { path?: string; size?: number } = {}
  for (;;) {
    const got = await reader.readInto(block)
    // Some programs leave the zeros at the end out.
    if (got === 0) break
    const header = got < TAR_BLOCK ? 'bad' : parseTarHeader(block)
    if (header === 'end') break
    if (header === 'bad') throw damaged(name, `there is no valid header at byte ${offset}`)
    offset += TAR_BLOCK
    const size = header.kind === 'file' ? (next.size ?? header.size) : header.size
    if (header.kind === 'pax' || header.kind === 'pax_global' || header.kind === 'long_name') {
      const meta = await readMeta(reader, header, name)
      if (header.kind !== 'pax_global') next = { ...next, ...(header.kind === 'pax' ? pax(meta, name) : { path: longName(meta) }) }
    } else {
      row++
      if (row > limits.archiveEntriesMax) throw tooManyEntries(name, limits)
      const given = next.path ?? header.name
      next = {}
      if (header.kind === 'link') names.link(given, row)
      const path = header.kind === 'file' ? names.accept(given, row) : null
      if (path !== null) entries.push({ path, size, offset })
      await reader.skip(size)
    }
    const padded = Math.ceil(size / TAR_BLOCK) * TAR_BLOCK
    await reader.skip(padded - size)
    offset += padded
    if ((await reader.peek(1)).length === 0 && reader.received < offset) throw damaged(name, 'it ends within a file')
  }
  problems.throwIfAny()
  return entries
}

async function readMeta(reader: ByteReader, header: TarHeader, name: string): Promise<Uint8Array> {
  if (header.size > META_BYTES_MAX) throw damaged(name, `a header of ${header.size} bytes`)
  const bytes = new Uint8Array(header.size)
  if ((await reader.readInto(bytes)) < bytes.length) throw damaged(name, 'it ends within a header')
  return bytes
}

function pax(bytes: Uint8Array, name: string) {
  const records = parsePax(bytes)
  if (records === null) throw damaged(name, 'a malformed pax header')
  return records
}

function longName(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8')
}

class TarReader implements ArchiveReader {
  constructor(
    readonly random: RandomAccess,
    readonly name: string,
    readonly signal: AbortSignal | undefined,
  ) {}

  async read(entry: ArchiveEntry): Promise<Uint8Array> {
    this.signal?.throwIfAborted()
    const { offset, size, path } = entry as TarEntry
    const bytes = await this.random.read(offset, size)
    if (bytes.length < size) throw damaged(this.name, `it ends within ${shown(path)}`)
    return bytes
  }

  async *stream(entry: ArchiveEntry): AsyncGenerator<Uint8Array> {
    const { offset, size, path } = entry as TarEntry
    for (let at = 0; at < size; at += STREAM_BYTES) {
      this.signal?.throwIfAborted()
      const wanted = Math.min(STREAM_BYTES, size - at)
      const piece = await this.random.read(offset + at, wanted)
      if (piece.length < wanted) throw damaged(this.name, `it ends within ${shown(path)}`)
      yield piece
    }
  }

  async close(): Promise<void> {
    await this.random.close()
  }
}

/** The archive without gzip, in a file that has no name any more. */
async function unpacked(source: DataSource, limits: PrepareLimits, signal: AbortSignal | undefined): Promise<RandomAccess> {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-tar-'))
  const path = join(folder, 'archive.tar')
  const handle = await open(path, 'wx+', 0o600)
  rmSync(folder, { recursive: true })
  const { reader } = await openSource(source, limits, signal)
  let size = 0
  try {
    for await (const chunk of reader.rest()) {
      await handle.writeFile(chunk)
      size += chunk.length
    }
  } catch (error) {
    await handle.close()
    throw error
  } finally {
    await reader.close()
  }
  return {
    size,
    async read(offset, length) {
      const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - offset)))
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, offset)
      return bytes.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

function damaged(name: string, why: string) {
  return invalidData(name, {
    code: 'damaged_tar',
    what: `the tar archive is damaged or cut off: ${why}`,
    hint: 'Pack the files again, and compare the size of the archive after the upload.',
  })
}
