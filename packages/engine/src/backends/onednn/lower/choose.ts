// Picks among ways to ask the library for the same thing.

import type { Binding, PrimitiveDescriptor } from '../binding/binding.ts'
import type { PhaseBuilder } from './builder.ts'

/** The library's own plain C++ loops: right, but hundreds of times slower than its kernels. */
const LOOPS = /^ref/

/** These and convolutions as matrix products, image by image. */
export const LOOPS_AND_PRODUCTS = /^ref|gemm:/

/** The first candidate whose implementation is not `slow`, else the first with any, else null. */
export function choose<C>(
  b: PhaseBuilder,
  candidates: readonly C[],
  create: (candidate: C) => PrimitiveDescriptor | null,
  slow = LOOPS,
): PrimitiveDescriptor | null {
  let fallback: PrimitiveDescriptor | null = null
  for (const candidate of candidates) {
    const primitive = create(candidate)
    if (primitive === null) continue
    if (!slow.test(b.binding.implementation(primitive))) {
      if (fallback !== null) b.own(fallback)
      return primitive
    }
    if (fallback === null) fallback = primitive
    else b.own(primitive)
  }
  return fallback
}

export function isSlow(binding: Binding, primitive: PrimitiveDescriptor): boolean {
  return LOOPS.test(binding.implementation(primitive))
}
