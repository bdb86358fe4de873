// An uploaded file as the readers see it: unpacked where it is gzip, its format known, refused where it can execute code.

import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { UploadRole } from '@trainyard/contracts'
import { TrainyardError } from '@trainyard/errors'
import type { PrepareLimits } from '../limits.ts'
import { invalidData } from '../problems.ts'
import { ByteReader } from './byte-reader.ts'
import { SNIFF_BYTES, type SniffedFormat, sniffFormat } from './sniff.ts'

export interface DataSource {
  readonly role: UploadRole
  /** The file's name as the user gave it: for texts only, never a path. */
  readonly name: string
  /** May be called more than once; each call reads from the start. */
  open(): AsyncIterable<Uint8Array>
}

export interface OpenedSource {
  readonly format: 'idx' | 'text'
  /** The unpacked bytes, from the start. */
  readonly reader: ByteReader
}

/**
 * @throws TrainyardError `executable_format`, or `invalid_data` for anything that is neither IDX nor text
 */
export async function openSource(source: DataSource, limits: PrepareLimits, signal?: AbortSignal): Promise<OpenedSource> {
  const open = (bytes: AsyncIterable<Uint8Array>) =>
    new ByteReader(bytes, { signal, bytesMax: limits.inflatedBytesMax, onTooLarge: () => refuseSize(source.name, limits) })
  const packed = open(source.open())
  try {
    const outer = sniffFormat(await packed.peek(SNIFF_BYTES))
    if (outer.kind !== 'gzip') return { format: accept(source.name, outer), reader: packed }
    const reader = open(gunzip(packed, source.name))
    const inner = sniffFormat(await reader.peek(SNIFF_BYTES))
    return { format: accept(source.name, inner), reader }
  } catch (error) {
    await packed.close()
    throw error
  }
}

function accept(name: string, format: SniffedFormat): 'idx' | 'text' {
  if (format.kind === 'idx' || format.kind === 'text') return format.kind
  if (format.kind === 'executable') {
    throw new TrainyardError('executable_format', { detail: `${name} is ${format.name}, which is refused`, hint: format.hint })
  }
  const hint = 'hint' in format ? format.hint : 'Upload IDX files (plain or gzip) or a CSV file in UTF-8.'
  const what = {
    empty: 'the file is empty; expected IDX or CSV data',
    gzip: 'gzip inside gzip; expected IDX or CSV data',
    unsupported: `this is ${'name' in format ? format.name : 'unknown'}; expected IDX or CSV data`,
  }[format.kind]
  throw invalidData(name, { code: format.kind === 'empty' ? 'empty_file' : 'unsupported_format', what, hint })
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

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}

function refuseSize(name: string, limits: PrepareLimits): never {
  throw invalidData(name, {
    code: 'too_large',
    what: `more than ${limits.inflatedBytesMax} bytes after unpacking`,
    hint: 'Split the data, or ask the operator for a higher limit.',
  })
}
