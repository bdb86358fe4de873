// A cell of a table as eight bytes: a number is itself; everything else is a NaN whose payload says what it is. So that columns of any kind are
// plain arrays, in memory and on disk.
//
//   high word      low word        meaning
//   0x7ff8_0000    0               missing
//   0x7ff8_0001    index           a text, by its index in the column's dictionary
//   0x7ffa_hhhh    hash            a text of a full dictionary, by 48 bits of its hash
//   0x7ffc_tttt    time            a date: milliseconds since 1970, plus 2^47

import { hashText, hashWords } from '../hash/murmur.ts'

const NAN = 0x7ff80000
const TEXT = 0x7ff80001
const HASHED = 0x7ffa0000
const DATE = 0x7ffc0000
const KIND_MASK = 0xffff0000
const TIME_OFFSET = 2 ** 47
/** Dates are features in days since 1970. */
export const MS_PER_DAY = 86_400_000

export type CellKind = 'number' | 'missing' | 'text' | 'hashed' | 'date'

export function kindOf(words: Uint32Array, at: number): CellKind {
  const high = words[2 * at + 1] as number
  if ((high & NAN) !== NAN) return 'number'
  if (high === NAN) return 'missing'
  if (high === TEXT) return 'text'
  return (high & KIND_MASK) === HASHED ? 'hashed' : 'date'
}

export function putMissing(words: Uint32Array, at: number): void {
  words[2 * at] = 0
  words[2 * at + 1] = NAN
}

export function putText(words: Uint32Array, at: number, index: number): void {
  words[2 * at] = index
  words[2 * at + 1] = TEXT
}

export function putHashed(words: Uint32Array, at: number, text: string): void {
  const hash = hashText(text)
  words[2 * at] = hash >>> 0
  words[2 * at + 1] = (HASHED | (Math.floor(hash / 0x1_0000_0000) & 0xffff)) >>> 0
}

const SINGLE = new Uint32Array(2)

/**
 * 53 bits that equal cells share, and that do not depend on the order of rows: a text has the same ones whether its dictionary was full or not,
 * which are those of 48 bits of it.
 */
export function cellHash(words: Uint32Array, at: number, texts: readonly string[]): number {
  if (kindOf(words, at) !== 'text') return hashWords(words, 2 * at, 2 * at + 2)
  putHashed(SINGLE, 0, texts[textIndex(words, at)] ?? '')
  return hashWords(SINGLE, 0, 2)
}

export function putDate(words: Uint32Array, at: number, time: number): void {
  const shifted = time + TIME_OFFSET
  words[2 * at] = shifted >>> 0
  words[2 * at + 1] = (DATE | Math.floor(shifted / 0x1_0000_0000)) >>> 0
}

export function textIndex(words: Uint32Array, at: number): number {
  return words[2 * at] as number
}

/** Milliseconds since 1970. */
export function timeOf(words: Uint32Array, at: number): number {
  return ((words[2 * at + 1] as number) & 0xffff) * 0x1_0000_0000 + (words[2 * at] as number) - TIME_OFFSET
}

/** ISO 8601: a day, or a time with minutes; without a zone it is UTC. */
const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/

/** Milliseconds since 1970, or NaN. */
export function parseDate(text: string): number {
  if (text.length < 10 || text.length > 35 || text.charCodeAt(4) !== 45 || !DATE_PATTERN.test(text)) return Number.NaN
  if (text.length === 10) return Date.parse(text)
  const iso = text.replace(' ', 'T')
  return Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(iso.slice(16)) ? iso : `${iso}Z`)
}
