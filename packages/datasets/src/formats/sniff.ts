// What a file is, by its first bytes. Names and content types of uploads are not believed.

export type SniffedFormat =
  | { readonly kind: 'empty' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'idx' }
  | { readonly kind: 'text' }
  /** Loading it can execute code: never opened. */
  | { readonly kind: 'executable'; readonly name: string; readonly hint: string }
  /** Harmless, but not read. */
  | { readonly kind: 'unsupported'; readonly name: string; readonly hint: string }

/** Bytes that `sniffFormat` wants to see; fewer are enough for a shorter file. */
export const SNIFF_BYTES = 4096

const CONVERT_DATA = 'Convert the data to IDX or CSV.'
const CONVERT_PICKLE = 'Convert weights to safetensors and data to IDX or CSV; a pickle can run any program when it is opened.'

interface Signature {
  readonly bytes: readonly number[]
  readonly format: SniffedFormat
}

const SIGNATURES: readonly Signature[] = [
  { bytes: [0x1f, 0x8b], format: { kind: 'gzip' } },
  {
    bytes: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a],
    format: {
      kind: 'executable',
      name: 'an HDF5 file (.h5, .keras)',
      hint: 'Convert weights to safetensors and data to IDX or CSV; Keras files may hold Lambda layers, which are code.',
    },
  },
  ...[2, 3, 4, 5].map((protocol) => ({
    bytes: [0x80, protocol],
    format: { kind: 'executable' as const, name: 'a Python pickle (.pkl, .pt)', hint: CONVERT_PICKLE },
  })),
  { bytes: ascii('\x93NUMPY'), format: { kind: 'unsupported', name: 'a NumPy array (.npy)', hint: CONVERT_DATA } },
  { bytes: ascii('PAR1'), format: { kind: 'unsupported', name: 'a Parquet file', hint: 'Save the table as CSV.' } },
  { bytes: ascii('\x89PNG'), format: { kind: 'unsupported', name: 'a PNG image', hint: 'Pack the images into IDX files.' } },
  { bytes: [0xff, 0xd8, 0xff], format: { kind: 'unsupported', name: 'a JPEG image', hint: 'Pack the images into IDX files.' } },
  { bytes: ascii('BZh'), format: { kind: 'unsupported', name: 'a bzip2 file', hint: 'Unpack it, or pack it with gzip.' } },
  { bytes: ascii('\xfd7zXZ'), format: { kind: 'unsupported', name: 'an xz file', hint: 'Unpack it, or pack it with gzip.' } },
  { bytes: ascii('%PDF'), format: { kind: 'unsupported', name: 'a PDF document', hint: CONVERT_DATA } },
  { bytes: [0xff, 0xfe], format: { kind: 'unsupported', name: 'UTF-16 text', hint: 'Save the file as UTF-8.' } },
  { bytes: [0xfe, 0xff], format: { kind: 'unsupported', name: 'UTF-16 text', hint: 'Save the file as UTF-8.' } },
]

/** Element types of IDX, third byte of the magic number. */
const IDX_TYPES = new Set([0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e])

/**
 * @param first the first bytes of the file, up to SNIFF_BYTES
 * @example sniffFormat(Buffer.from('a,b\n1,2\n')) // { kind: 'text' }
 */
export function sniffFormat(first: Uint8Array): SniffedFormat {
  if (first.length === 0) return { kind: 'empty' }
  const known = SIGNATURES.find(({ bytes }) => bytes.every((byte, i) => first[i] === byte))
  if (known !== undefined) return known.format
  if (startsWith(first, ascii('PK\x03\x04'))) return sniffZip(first)
  if (first[0] === 0 && first[1] === 0 && IDX_TYPES.has(first[2] ?? 0)) return { kind: 'idx' }
  if (isUtf8Text(first)) return { kind: 'text' }
  return { kind: 'unsupported', name: 'a file of an unknown format', hint: 'Upload IDX files (plain or gzip) or a CSV file in UTF-8.' }
}

/** PyTorch and Keras files are zip archives; the name of the first entry tells. */
function sniffZip(first: Uint8Array): SniffedFormat {
  const text = Buffer.from(first.buffer, first.byteOffset, Math.min(first.length, SNIFF_BYTES)).toString('latin1')
  if (text.includes('data.pkl')) return { kind: 'executable', name: 'a PyTorch file (.pt, .pth)', hint: CONVERT_PICKLE }
  if (text.includes('metadata.json') || text.includes('.weights.h5') || text.includes('config.json')) {
    return {
      kind: 'executable',
      name: 'a Keras file (.keras)',
      hint: 'Convert weights to safetensors and data to IDX or CSV; Keras files may hold Lambda layers, which are code.',
    }
  }
  return { kind: 'unsupported', name: 'a zip archive', hint: 'Unpack it and upload IDX files (plain or gzip) or a CSV file.' }
}

function isUtf8Text(first: Uint8Array): boolean {
  if (first.subarray(0, SNIFF_BYTES).includes(0)) return false
  try {
    // A character may be cut at the end of the sample: `stream` waits for its rest.
    new TextDecoder('utf-8', { fatal: true }).decode(first.subarray(0, SNIFF_BYTES), { stream: true })
    return true
  } catch {
    return false
  }
}

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte)
}

function ascii(text: string): number[] {
  return [...text].map((letter) => letter.charCodeAt(0))
}
