// Picks among ways to ask the library for the same thing.

import type { Binding, PrimitiveDescriptor } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'

/** The library's own plain C++ loops: right, but hundreds of times slower than its kernels. */
const SLOW = 'ref'

/** The first candidate with a fast implementation, else the first with any, else null. */
export function choose<C>(
  b: PhaseBuilder,
  candidates: readonly C[],
  create: (candidate: C) => PrimitiveDescriptor | null,
): PrimitiveDescriptor | null {
  let slow: PrimitiveDescriptor | null = null
  for (const candidate of candidates) {
    const primitive = create(candidate)
    if (primitive === null) continue
    if (!isSlow(b.binding, primitive)) {
      if (slow !== null) b.own(slow)
      return primitive
    }
    if (slow === null) slow = primitive
    else b.own(primitive)
  }
  return slow
}

export function isSlow(binding: Binding, primitive: PrimitiveDescriptor): boolean {
  return binding.implementation(primitive).startsWith(SLOW)
}
