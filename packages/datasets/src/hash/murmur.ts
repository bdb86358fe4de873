// MurmurHash3 (Appleby, x86_32 variant) twice with different seeds: 53 bits as one safe integer. Fast enough for every row of a table; not
// cryptographic, so nothing that must resist an attacker rests on it. Values are stored in manifests' splits by consequence: they may never change.

const C1 = 0xcc9e2d51
const C2 = 0x1b873593
/** Seed of the second half, an arbitrary constant. */
const SECOND = 0x9747b28c

/**
 * MurmurHash3_x86_32 of whole 32-bit words.
 * @example murmur32(new Uint32Array([0]), 0, 1, 0) // 0x2362f9de
 */
export function murmur32(words: Uint32Array, from: number, to: number, seed: number): number {
  let h = seed | 0
  for (let i = from; i < to; i++) h = mixWord(h, words[i] as number)
  return finish(h, (to - from) * 4)
}

/** 53 bits of the words [from, to). */
export function hashWords(words: Uint32Array, from: number, to: number, seed = 0): number {
  return join(murmur32(words, from, to, seed), murmur32(words, from, to, seed ^ SECOND))
}

/** 53 bits of bytes, taken as little-endian words; the last one is filled up with zeros. */
export function hashBytes(bytes: Uint8Array, from: number, to: number, seed = 0): number {
  let a = seed | 0
  let b = (seed ^ SECOND) | 0
  let i = from
  for (; i + 4 <= to; i += 4) {
    const word =
      (bytes[i] as number) | ((bytes[i + 1] as number) << 8) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 24)
    a = mixWord(a, word)
    b = mixWord(b, word)
  }
  if (i < to) {
    let word = 0
    for (let shift = 0; i < to; i++, shift += 8) word |= (bytes[i] as number) << shift
    a = mixWord(a, word)
    b = mixWord(b, word)
  }
  return join(finish(a, to - from), finish(b, to - from))
}

/** 53 bits of a text, over its UTF-16 code units. */
export function hashText(text: string, seed = 0): number {
  let a = seed | 0
  let b = (seed ^ SECOND) | 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = mixWord(a, unit)
    b = mixWord(b, unit)
  }
  return join(finish(a, text.length * 4), finish(b, text.length * 4))
}

/** 53 bits of a 53-bit hash and a seed: another, independent one. */
export function rehash(hash: number, seed: number): number {
  const high = Math.floor(hash / 0x1_0000_0000)
  const low = hash >>> 0
  const half = (s: number) => finish(mixWord(mixWord(s | 0, low), high), 8)
  return join(half(seed), half(seed ^ SECOND))
}

function mixWord(h: number, word: number): number {
  let k = Math.imul(word, C1)
  k = (k << 15) | (k >>> 17)
  h ^= Math.imul(k, C2)
  h = (h << 13) | (h >>> 19)
  return (Math.imul(h, 5) + 0xe6546b64) | 0
}

function finish(h: number, bytes: number): number {
  h ^= bytes
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function join(a: number, b: number): number {
  return (a >>> 11) * 0x1_0000_0000 + b
}
