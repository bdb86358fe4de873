// Whether two descriptors put every element at the same place, so that no reorder is needed between them.

import type { Binding, Descriptor, PhysicalLayout } from '../binding/binding.ts'

/** NHWC with 8 channels is the blocked layout nChw8c under another name, and NCHW with one channel is NHWC. */
export function isSameMemory(binding: Binding, a: Descriptor, b: Descriptor): boolean {
  if (binding.equal(a, b)) return true
  const first = binding.layout(a)
  const second = binding.layout(b)
  if (first === null || second === null) return false
  return first.dimensions.join() === second.dimensions.join() && order(first) === order(second)
}

/** The walk through memory as `dimension:size` from slow to fast, runs of one dimension joined, sizes of 1 left out. */
function order(layout: PhysicalLayout): string {
  const blockOf = (dimension: number) => layout.blocks.reduce((size, [d, block]) => (d === dimension ? size * block : size), 1)
  const outer = layout.dimensions
    .map((_, dimension) => ({
      dimension,
      size: layout.paddedDimensions[dimension]! / blockOf(dimension),
      stride: layout.strides[dimension]!,
    }))
    .filter(({ size }) => size > 1)
    .sort((x, y) => y.stride - x.stride)
  const walk: { dimension: number; size: number }[] = []
  for (const { dimension, size } of [...outer, ...layout.blocks.map(([d, size]) => ({ dimension: d, size }))]) {
    const last = walk.at(-1)
    if (last?.dimension === dimension) last.size *= size
    else if (size > 1) walk.push({ dimension, size })
  }
  return walk.map(({ dimension, size }) => `${dimension}:${size}`).join(' ')
}
