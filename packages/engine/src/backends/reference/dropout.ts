// Kernel of dropout, on both backends, so that their masks are equal. Memory is made once; a step only draws words and multiplies.

import type { OpAttributes } from '../../ops/index.ts'
import { fillWords } from '../../random/index.ts'
import type { Kernel } from './kernel.ts'

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

/** y = x · mask / (1 − rate) */
export const dropout: Kernel<OpAttributes<'dropout'>> = {
  bind({ inputs, outputs }, { rate, unit, stream }) {
    const x = inputs[0]!.values
    const key = inputs[1]!.indices
    const y = outputs[0]!.values
    const [N, C] = inputs[0]!.shape as [number, number]
    const units = unit === 'channel' ? N * C : x.length
    const size = x.length / units
    const { bits, threshold } = decisionOf(rate)
    const perWord = 32 / bits
    const lowBits = 2 ** bits - 1
    // Of the probability that is drawn with: the expectation is x to the last bit.
    const scale = 2 ** bits / (2 ** bits - threshold)
    const words = new Uint32Array(Math.min(CHUNK, 4 * Math.ceil(units / perWord / 4)))
    const stepKey = { seed: 0, purpose: 'dropout' as const, a: stream, b: 0 }
    return () => {
      stepKey.seed = key[0]! >>> 0
      stepKey.b = key[1]! >>> 0
      let at = 0
      for (let word = 0, left = units; left > 0; word += words.length) {
        fillWords(stepKey, words, word)
        for (let w = 0; w < words.length && left > 0; w++) {
          let random = words[w]!
          const end = left < perWord ? left : perWord
          for (let u = 0; u < end; u++) {
            // The sign bit of threshold − 1 − r is 1 where r ≥ threshold: kept.
            const factor = ((threshold - 1 - (random & lowBits)) >>> 31) * scale
            random >>>= bits
            for (const stop = at + size; at < stop; at++) y[at] = x[at]! * factor
          }
          left -= end
        }
      }
    }
  },
}
