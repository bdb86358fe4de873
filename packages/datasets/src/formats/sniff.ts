// What a file is, by its first bytes. Names and content types of uploads are not believed.

import type { DataFormat } from '@trainyard/contracts'
import { IDX_TYPES } from './idx-types.ts'
import { sniffEncoding } from './text-encoding.ts'

export type SniffedFormat =
  | { readonly kind: 'empty' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'data'; readonly format: DataFormat }
  /** Loading it can execute code: never opened. */
  | { readonly kind: 'executable'; readonly name: string; readonly hint: string }
  /** Harmless, but not read. */
  | { readonly kind: 'unsupported'; readonly name: string; readonly hint: string }

/** Bytes that `sniffFormat` wants to see; fewer are enough for a shorter file. */
export const SNIFF_BYTES = 4096

/** For texts. */
export const READABLE_FORMATS = 'CSV, JSONL, IDX, NPY, NPZ, Parquet, safetensors, or a zip or tar of PNG, JPEG or WebP images'

const CONVERT = `Upload the data as ${READABLE_FORMATS}.`
const CONVERT_PICKLE = 'Convert weights to safetensors and data to NPY or CSV; a pickle can run any program when it is opened.'
const CONVERT_KERAS = 'Convert weights to safetensors and data to NPY or CSV; Keras files may hold Lambda layers, which are code.'
const PACK_IMAGES = 'Put the images into folders named after their classes, and upload a zip or tar of these.'

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]
/** HDF5 may come after a block of the user's: the superblock is looked for at these places (HDF5 file format 3.0, II.A). */
const HDF5_OFFSETS = [0, 512, 1024, 2048]
const TAR_MAGIC_OFFSET = 257
/** Largest header of safetensors, in its own readers. */
const SAFETENSORS_HEADER_MAX = 100_000_000

interface Signature {
  readonly bytes: readonly number[]
  readonly format: SniffedFormat
}

const unsupported = (name: string, hint: string): SniffedFormat => ({ kind: 'unsupported', name, hint })
const data = (format: DataFormat): SniffedFormat => ({ kind: 'data', format })

const SIGNATURES: readonly Signature[] = [
  { bytes: [0x1f, 0x8b], format: { kind: 'gzip' } },
  ...[2, 3, 4, 5].map((protocol) => ({
    bytes: [0x80, protocol],
    format: { kind: 'executable' as const, name: 'a Python pickle (.pkl, .pt, .joblib)', hint: CONVERT_PICKLE },
  })),
  { bytes: ascii('\x93NUMPY'), format: data('npy') },
  { bytes: ascii('PAR1'), format: data('parquet') },
  { bytes: ascii('PK\x05\x06'), format: data('zip') },
  { bytes: ascii('\x89PNG'), format: unsupported('a single PNG image', PACK_IMAGES) },
  { bytes: [0xff, 0xd8, 0xff], format: unsupported('a single JPEG image', PACK_IMAGES) },
  { bytes: ascii('RIFF'), format: unsupported('a single WebP image, or sound or video', PACK_IMAGES) },
  { bytes: ascii('GIF8'), format: unsupported('a GIF image', PACK_IMAGES) },
  { bytes: ascii('BZh'), format: unsupported('a bzip2 file', 'Unpack it, or pack it with gzip.') },
  { bytes: ascii('\xfd7zXZ'), format: unsupported('an xz file', 'Unpack it, or pack it with gzip.') },
  { bytes: ascii('7z\xbc\xaf'), format: unsupported('a 7-Zip archive', 'Pack the files as zip or tar.') },
  { bytes: ascii('Rar!'), format: unsupported('a RAR archive', 'Pack the files as zip or tar.') },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], format: unsupported('a Zstandard file', 'Unpack it, or pack it with gzip.') },
  { bytes: [0x78, 0x9c], format: unsupported('zlib data, as joblib writes it', CONVERT) },
  { bytes: ascii('%PDF'), format: unsupported('a PDF document', CONVERT) },
  { bytes: ascii('\xd0\xcf\x11\xe0'), format: unsupported('an old Office document (.xls)', 'Save the table as CSV.') },
  { bytes: ascii('SQLite format 3'), format: unsupported('an SQLite database', 'Export the table as CSV.') },
  { bytes: ascii('ARROW1'), format: unsupported('an Arrow or Feather file', 'Save the table as Parquet.') },
]

/**
 * @param first the first bytes of the file, up to SNIFF_BYTES
 * @example sniffFormat(Buffer.from('a,b\n1,2\n')) // { kind: 'data', format: 'csv' }
 */
export function sniffFormat(first: Uint8Array): SniffedFormat {
  if (first.length === 0) return { kind: 'empty' }
  if (HDF5_OFFSETS.some((offset) => startsWith(first, HDF5, offset))) {
    return { kind: 'executable', name: 'an HDF5 file (.h5, .keras)', hint: CONVERT_KERAS }
  }
  const known = SIGNATURES.find(({ bytes }) => startsWith(first, bytes))
  if (known !== undefined) return known.format
  if (startsWith(first, ascii('PK\x03\x04'))) return sniffZip(first)
  if (startsWith(first, ascii('ustar'), TAR_MAGIC_OFFSET)) return data('tar')
  if (first[0] === 0 && first[1] === 0 && IDX_TYPES.has(first[2] ?? 0)) return data('idx')
  if (isSafetensors(first)) return data('safetensors')
  if (sniffEncoding(first) !== null) return data(isJson(first) ? 'jsonl' : 'csv')
  return unsupported('a file of an unknown format', CONVERT)
}

/** PyTorch, Keras and NumPy archives are zip files; the names of the first entries tell. Entries are looked at again when they are read. */
function sniffZip(first: Uint8Array): SniffedFormat {
  const text = Buffer.from(first.buffer, first.byteOffset, Math.min(first.length, SNIFF_BYTES)).toString('latin1')
  const nameLength = (first[26] ?? 0) | ((first[27] ?? 0) << 8)
  return sniffZipNames(text.slice(30, 30 + nameLength), text)
}

function sniffZipNames(firstName: string, text: string): SniffedFormat {
  if (text.includes('data.pkl')) return { kind: 'executable', name: 'a PyTorch file (.pt, .pth)', hint: CONVERT_PICKLE }
  const isKeras = ['metadata.json', 'config.json', 'model.weights.h5'].includes(firstName)
  if (isKeras || text.includes('.weights.h5')) return { kind: 'executable', name: 'a Keras file (.keras)', hint: CONVERT_KERAS }
  if (firstName === '[Content_Types].xml') return unsupported('an Office document (.xlsx)', 'Save the table as CSV.')
  return data(firstName.endsWith('.npy') ? 'npz' : 'zip')
}

/** Eight bytes of header length, then the header, which is a JSON object. */
function isSafetensors(first: Uint8Array): boolean {
  if (first.length < 10 || first[8] !== 0x7b) return false
  const view = new DataView(first.buffer, first.byteOffset, 8)
  return view.getUint32(4, true) === 0 && view.getUint32(0, true) <= SAFETENSORS_HEADER_MAX
}

/** Begins with a brace, in any encoding of text. */
function isJson(first: Uint8Array): boolean {
  const letter = first.find((byte) => byte !== 0 && byte > 0x20 && byte < 0x7f)
  return letter === 0x7b
}

function startsWith(bytes: Uint8Array, prefix: readonly number[], offset = 0): boolean {
  return prefix.every((byte, i) => bytes[offset + i] === byte)
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0))
}
