// Streams of random numbers keyed by (seed, purpose, a, b). Equal keys give equal numbers, on every machine and in any order.

import { philox } from './philox.ts'

/** What numbers are drawn for. Values are part of every stored result: add, never change. */
export const PURPOSES = {
  initialize: 1,
  shuffle: 2,
  subset: 3,
  split: 4,
  augment: 5,
  dropout: 6,
  test: 7,
} as const

export type Purpose = keyof typeof PURPOSES

export interface StreamKey {
  /** 0 … 2^32 − 1. */
  readonly seed: number
  readonly purpose: Purpose
  /** For example the epoch, or a hash of a parameter's name. 0 … 2^32 − 1, default 0. */
  readonly a?: number
  /** For example the step. 0 … 2^32 − 1, default 0. */
  readonly b?: number
}

/** Elements drawn per refill; a multiple of 4, small enough to stay in the first-level cache. */
const CHUNK = 1024

/** Fills with words 0, 1, 2 … of the stream, from word `start` (a multiple of 4). */
export function fillWords(key: StreamKey, into: Uint32Array, start = 0): void {
  const { seed, purpose, a = 0, b = 0 } = key
  const purposeId = PURPOSES[purpose]
  const whole = into.length - (into.length % 4)
  const firstBlock = start / 4
  for (let i = 0; i < whole; i += 4) {
    const block = firstBlock + i / 4
    philox(block, a, b, Math.floor(block / 0x1_0000_0000), seed, purposeId, into, i)
  }
  if (whole < into.length) {
    const last = new Uint32Array(4)
    const block = firstBlock + whole / 4
    philox(block, a, b, Math.floor(block / 0x1_0000_0000), seed, purposeId, last, 0)
    into.set(last.subarray(0, into.length - whole), whole)
  }
}

/** Uniform in [low, high): element i comes from word i alone, with 24 bits as in float32. */
export function fillUniform(key: StreamKey, into: Float32Array | Float64Array, low = 0, high = 1): void {
  const words = new Uint32Array(CHUNK)
  const scale = (high - low) / 0x100_0000
  for (let start = 0; start < into.length; start += CHUNK) {
    const count = Math.min(CHUNK, into.length - start)
    fillWords(key, words, start)
    for (let i = 0; i < count; i++) into[start + i] = low + (words[i]! >>> 8) * scale
  }
}

/** Normal by Box and Muller (1958): elements 2i and 2i+1 come from words 2i and 2i+1. */
export function fillNormal(key: StreamKey, into: Float32Array | Float64Array, mean = 0, standardDeviation = 1): void {
  const words = new Uint32Array(CHUNK)
  for (let start = 0; start < into.length; start += CHUNK) {
    const count = Math.min(CHUNK, into.length - start)
    fillWords(key, words, start)
    for (let i = 0; i < count; i += 2) {
      // (word + 1) / 2^32 lies in (0, 1], so that the logarithm is finite: |z| ≤ √(2 · 32 · ln 2) = 6.66.
      const radius = standardDeviation * Math.sqrt(-2 * Math.log((words[i]! + 1) / 0x1_0000_0000))
      const angle = (2 * Math.PI * words[i + 1]!) / 0x1_0000_0000
      into[start + i] = mean + radius * Math.cos(angle)
      if (i + 1 < count) into[start + i + 1] = mean + radius * Math.sin(angle)
    }
  }
}

/** One uniform number in [0, 1) with 53 bits: number `index` of the stream. */
export function uniformAt(key: StreamKey, index: number): number {
  const words = new Uint32Array(2)
  const block = new Uint32Array(4)
  fillWords(key, block, Math.floor(index / 2) * 4)
  words.set(block.subarray((index % 2) * 2, (index % 2) * 2 + 2))
  return toUnit(words[0]!, words[1]!)
}

/** 53 bits of two words as a number in [0, 1). */
export function toUnit(high: number, low: number): number {
  return ((high >>> 5) * 0x400_0000 + (low >>> 6)) / 0x20_0000_0000_0000
}

/** 32-bit FNV-1a over UTF-16 code units, to turn a name into a stream number. */
export function hashName(name: string, basis = 0x811c9dc5): number {
  let hash = basis
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193)
  }
  return hash >>> 0
}
