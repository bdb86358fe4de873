// Which encoding a text is in, and the same text as UTF-8 without a byte order mark.

import type { ByteReader } from './byte-reader.ts'

export const TEXT_ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252'] as const
export type TextEncoding = (typeof TEXT_ENCODINGS)[number]

interface FoundEncoding {
  readonly encoding: TextEncoding
  /** Bytes of the byte order mark. */
  readonly markBytes: number
}

const MARKS: readonly { readonly mark: readonly number[]; readonly encoding: TextEncoding }[] = [
  { mark: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { mark: [0xff, 0xfe], encoding: 'utf-16le' },
  { mark: [0xfe, 0xff], encoding: 'utf-16be' },
]

/**
 * The encoding of a text, or null for something that is no text. Text that is not UTF-8 and has no control characters is taken for
 * Windows-1252, of which Latin-1 is a part.
 * @param head the first bytes of the file
 */
export function sniffEncoding(head: Uint8Array): FoundEncoding | null {
  for (const { mark, encoding } of MARKS) {
    if (mark.every((byte, i) => head[i] === byte)) return { encoding, markBytes: mark.length }
  }
  if (head.some(isControl)) return null
  if (isUtf8Prefix(head)) return { encoding: 'utf-8', markBytes: 0 }
  return isMostlyAscii(head) ? { encoding: 'windows-1252', markBytes: 0 } : null
}

/** Passes UTF-8 through; recodes the others. `encoding` wins over what is sniffed, not over a byte order mark. */
export async function* utf8Chunks(reader: ByteReader, encoding?: TextEncoding): AsyncGenerator<Uint8Array> {
  const head = Uint8Array.from(await reader.peek(4096))
  const found = sniffEncoding(head)
  const markBytes = found?.markBytes ?? 0
  await reader.skip(markBytes)
  const effective = markBytes > 0 ? found?.encoding : (encoding ?? found?.encoding)
  if (effective === undefined || effective === 'utf-8') {
    yield* reader.rest()
    return
  }
  const decoder = new TextDecoder(effective)
  for await (const chunk of reader.rest()) {
    const text = decoder.decode(chunk, { stream: true })
    if (text.length > 0) yield Buffer.from(text)
  }
  const tail = decoder.decode()
  if (tail.length > 0) yield Buffer.from(tail)
}

/** Control characters that no text has: below the blank, but for tab, line ends and form feed. */
function isControl(byte: number): boolean {
  return byte < 9 || (byte > 13 && byte < 32)
}

function isUtf8Prefix(head: Uint8Array): boolean {
  try {
    // A character may be cut at the end of the sample: `stream` waits for its rest.
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}

/** Text of a Latin script: at most a third of letters with accents. */
function isMostlyAscii(head: Uint8Array): boolean {
  const high = head.reduce((count, byte) => count + (byte >= 0x80 ? 1 : 0), 0)
  return high * 3 <= head.length
}
