// Mutations of bytes: what transmission, careless programs and attackers do to files.

import type { Choices } from './random.ts'

/** Most mutations of one input; one or two are the most frequent. */
const STEPS_MAX = 6
/** Largest input, whatever was inserted. */
const BYTES_MAX = 1 << 16

/** Values that length fields are attacked with. */
const NUMBERS = [
  0n,
  1n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
]
const DECIMALS = ['0', '-1', '1e999', '4294967296', '9007199254740993', '99999999999999999999999999']

type Mutation = (bytes: Buffer, choices: Choices, seeds: readonly Buffer[], dictionary: readonly string[]) => Buffer

const MUTATIONS: readonly Mutation[] = [
  /** A bit. */
  (bytes, choices) => {
    const at = choices.below(bytes.length)
    if (bytes.length > 0) bytes[at] = (bytes[at] as number) ^ (1 << choices.below(8))
    return bytes
  },
  /** A byte. */
  (bytes, choices) => {
    if (bytes.length > 0) bytes[choices.below(bytes.length)] = choices.below(256)
    return bytes
  },
  /** The end is missing. */
  (bytes, choices) => bytes.subarray(0, choices.below(bytes.length + 1)),
  /** A part is missing. */
  (bytes, choices) => {
    const [at, length] = range(bytes, choices)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
  },
  /** A part occurs twice. */
  (bytes, choices) => {
    const [at, length] = range(bytes, choices)
    return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
  },
  /** The beginning of one file, the end of another. */
  (bytes, choices, seeds) => {
    const other = choices.of(seeds)
    return Buffer.concat([bytes.subarray(0, choices.below(bytes.length + 1)), other.subarray(choices.below(other.length + 1))])
  },
  /** A length field, of any width and order. */
  (bytes, choices) => {
    const width = choices.of([1, 2, 4, 8])
    const value = BigInt.asUintN(8 * width, choices.of(NUMBERS))
    const at = choices.below(bytes.length - width + 1)
    const little = choices.below(2) === 0
    for (let i = 0; i < width && at + i < bytes.length; i++) {
      bytes[at + i] = Number((value >> BigInt(8 * (little ? i : width - 1 - i))) & 0xffn)
    }
    return bytes
  },
  /** A number in a text. */
  (bytes, choices) => {
    const text = bytes.toString('latin1')
    const numbers = [...text.matchAll(/\d+/g)]
    if (numbers.length === 0) return bytes
    const { 0: found, index } = choices.of(numbers)
    return Buffer.from(text.slice(0, index) + choices.of(DECIMALS) + text.slice(index + found.length), 'latin1')
  },
  /** A word of the format. */
  (bytes, choices, _, dictionary) => {
    const at = choices.below(bytes.length + 1)
    const word = Buffer.from(choices.of(dictionary), 'latin1')
    const end = choices.below(2) === 0 ? at : at + word.length
    return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(end)])
  },
  /** A long run of one byte. */
  (bytes, choices) => {
    const at = choices.below(bytes.length + 1)
    return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 << choices.below(13), choices.below(256)), bytes.subarray(at)])
  },
]

/** An input that is made from one of the seeds. */
export function mutated(seeds: readonly Buffer[], dictionary: readonly string[], choices: Choices): Buffer {
  let bytes: Buffer = Buffer.from(choices.of(seeds))
  for (let step = choices.below(choices.below(STEPS_MAX) + 1) + 1; step > 0; step--) {
    bytes = choices.of(MUTATIONS)(bytes, choices, seeds, dictionary).subarray(0, BYTES_MAX)
  }
  return bytes
}

function range(bytes: Buffer, choices: Choices): [at: number, length: number] {
  const at = choices.below(bytes.length + 1)
  return [at, choices.below(Math.min(bytes.length - at, 256) + 1)]
}
