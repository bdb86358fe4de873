// Kernel of dropout, on both backends, so that their masks are equal. Memory is made once; a step only draws words and multiplies.

import type { OpAttributes } from '../../ops/index.ts'
import { fillWords } from '../../random/index.ts'
import type { RealArray } from '../backend.ts'
import type { Kernel, Operand } from './kernel.ts'

/** Words drawn at a time; a multiple of 4, and small enough to stay in the first-level cache. */
const CHUNK = 1024
/** Random bits per unit at most: a rate counts to the nearest 2^-16. */
const BITS_MAX = 16

/**
 * How a rate is decided from random bits: a unit is dropped where its `bits` bits are below `threshold`. Bits divide a word, and are as few
 * as the rate needs: one for 1/2, two for 1/4.
 */
function decisionOf(rate: number): { readonly bits: number; readonly threshold: number } {
  let bits = 1
  while (bits < BITS_MAX && !Number.isInteger(rate * 2 ** bits)) bits *= 2
  return { bits, threshold: Math.min(Math.round(rate * 2 ** bits), 2 ** bits - 1) }
}

/**
 * Draws the factors of all elements of a tensor of `shape`, 0 or 1 / (1 − rate), in row-major order.
 * @param key of the program: [seed, step]
 * @returns draws the mask of the key's present numbers
 */
export function bindMask(
  { shape }: Pick<Operand, 'shape'>,
  { rate, unit, stream }: OpAttributes<'dropout'>,
  key: Int32Array,
  mask: RealArray,
): () => void {
  const [N, C] = shape as [number, number]
  const elements = shape.reduce((product, n) => product * n, 1)
  const units = unit === 'channel' ? N * C : elements
  const size = elements / units
  const { bits, threshold } = decisionOf(rate)
  const perWord = 32 / bits
  const lowBits = 2 ** bits - 1
  // Of the probability that is drawn with: the expectation is x to the last bit.
  const factors = Float64Array.of(0, 2 ** bits / (2 ** bits - threshold))
  const words = new Uint32Array(Math.min(CHUNK, 4 * Math.ceil(units / perWord / 4)))
  const stepKey = { seed: 0, purpose: 'dropout' as const, a: stream, b: 0 }
  return () => {
    stepKey.seed = key[0]! >>> 0
    stepKey.b = key[1]! >>> 0
    let at = 0
    for (let word = 0, left = units; left > 0; word += words.length) {
      fillWords(stepKey, words, word)
      for (let w = 0; w < words.length && left > 0; w++, left -= perWord) {
        let random = words[w]! | 0
        const end = at + (left < perWord ? left : perWord) * size
        while (at < end) {
          // The sign bit of threshold − 1 − r is 1 where r ≥ threshold: kept.
          const factor = factors[(threshold - 1 - (random & lowBits)) >>> 31]!
          random >>= bits
          // A unit is one number most of the time, too short for a loop.
          if (size === 1) mask[at++] = factor
          else for (const next = at + size; at < next; at++) mask[at] = factor
        }
      }
    }
  }
}

/** y = x · mask / (1 − rate) */
export const dropout: Kernel<OpAttributes<'dropout'>> = {
  scratch: ([x]) => (x?.shape ?? []).reduce((product, n) => product * n, 1),
  bind({ inputs, outputs, scratch }, attributes) {
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    const draw = bindMask(inputs[0]!, attributes, inputs[1]!.indices, scratch)
    const count = x.length
    return () => {
      draw()
      for (let i = 0; i < count; i++) y[i] = x[i]! * scratch[i]!
    }
  },
}
