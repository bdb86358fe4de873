// The name of a layout, so that a tensor of another size can take the same one.

import type { Binding, Descriptor, Layout } from '../binding/binding.ts'

const BLOCKS: { readonly [size: number]: Layout } = { 8: 'blocks8', 16: 'blocks16' }

/** `plain` for every layout of images that has no name, and for pixels alone, whose channels lie both first and last. */
export function layoutName(binding: Binding, descriptor: Descriptor): Layout {
  const layout = binding.layout(descriptor)
  if (layout?.dimensions.length !== 4) return 'plain'
  const [block] = layout.blocks
  if (block !== undefined) return layout.blocks.length === 1 && block[0] === 1 ? (BLOCKS[block[1]] ?? 'plain') : 'plain'
  const [, channels = 1, height = 1, width = 1] = layout.dimensions
  return channels > 1 && height * width > 1 && layout.strides[1] === 1 ? 'channelsLast' : 'plain'
}
