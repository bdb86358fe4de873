// One header block of a tar archive: ustar with the extensions of GNU (long names, large sizes) and POSIX (pax records).
// Format: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".

export const TAR_BLOCK = 512

export type TarKind = 'file' | 'folder' | 'link' | 'long_name' | 'pax' | 'pax_global'

export interface TarHeader {
  readonly name: string
  readonly size: number
  readonly kind: TarKind
}

const KINDS: ReadonlyMap<string, TarKind> = new Map([
  ['\0', 'file'],
  ['0', 'file'],
  ['7', 'file'],
  ['5', 'folder'],
  ['L', 'long_name'],
  ['x', 'pax'],
  ['g', 'pax_global'],
])

/** Byte ranges of the fields. */
const FIELDS = { name: [0, 100], size: [124, 136], checksum: [148, 156], kind: [156, 157], magic: [257, 263], prefix: [345, 500] } as const

/** The header in a block, `end` for a block of zeros, `bad` for anything else. Links and devices of every kind are `link`. */
export function parseTarHeader(block: Uint8Array): TarHeader | 'end' | 'bad' {
  if (block.every((byte) => byte === 0)) return 'end'
  const [from, to] = FIELDS.checksum
  const sum = block.reduce((total, byte, i) => total + (i >= from && i < to ? 0x20 : byte), 0)
  if (sum !== octal(field(block, 'checksum'))) return 'bad'
  const size = sizeOf(field(block, 'size'))
  if (!Number.isSafeInteger(size) || size < 0) return 'bad'
  const prefix = text(field(block, 'magic')).startsWith('ustar') && block[FIELDS.magic[1] - 1] === 0 ? text(field(block, 'prefix')) : ''
  const name = text(field(block, 'name'))
  const kind = KINDS.get(String.fromCharCode(block[FIELDS.kind[0]] ?? 0)) ?? 'link'
  // Old archives mark a folder by its name alone.
  const isFolder = kind === 'file' && name.endsWith('/')
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, kind: isFolder ? 'folder' : kind }
}

/** Records of a pax header that matter here: `length key=value\n`. Null when it is malformed. */
export function parsePax(bytes: Uint8Array): { readonly path?: string; readonly size?: number } | null {
  const result: { path?: string; size?: number } = {}
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const blank = bytes.indexOf(0x20, at)
    const length = blank < 0 ? Number.NaN : Number(text(bytes.subarray(at, blank)))
    if (!Number.isSafeInteger(length) || length <= blank - at + 1 || at + length > bytes.length) return null
    const record = Buffer.from(bytes.subarray(blank + 1, at + length - 1)).toString('utf8')
    const equals = record.indexOf('=')
    if (equals < 0) return null
    const value = record.slice(equals + 1)
    if (record.startsWith('path=')) result.path = value
    if (record.startsWith('size=')) {
      result.size = /^\d+$/.test(value) ? Number(value) : Number.NaN
      if (!Number.isSafeInteger(result.size)) return null
    }
    at += length
  }
  return result
}

function field(block: Uint8Array, name: keyof typeof FIELDS): Uint8Array {
  const [from, to] = FIELDS[name]
  return block.subarray(from, to)
}

function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8')
}

function octal(bytes: Uint8Array): number {
  const digits = text(bytes).trim()
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN
}

/** GNU writes sizes from 8 GiB on as binary, with the highest bit set. */
function sizeOf(bytes: Uint8Array): number {
  if (((bytes[0] ?? 0) & 0x80) === 0) return octal(bytes)
  return bytes.reduce((value, byte, i) => value * 256 + (i === 0 ? byte & 0x7f : byte), 0)
}
