// Larger images by whole factors. Pixels are areas: their centers lie at half coordinates (PyTorch's align_corners = false).

import { elementCount } from '../core/tensor.ts'
import type { Pair, UpsamplingAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op, OpSample } from './op.ts'
import { dims, invalidAttribute, operands, real, show } from './operands.ts'

/** Floating point operations per output of the bilinear mode: four products, three sums. */
const BILINEAR_FLOPS = 7

/** Geometries that the op and its derivative are tested with. */
export const UPSAMPLINGS: readonly { name: string; x: readonly [number, number, number, number]; attributes: UpsamplingAttributes }[] = (
  ['nearest', 'bilinear'] as const
).flatMap((mode) => [
  { name: `${mode}, twice`, x: [2, 3, 4, 5], attributes: { scale: [2, 2], mode } },
  { name: `${mode}, 3 by 1`, x: [1, 17, 2, 3], attributes: { scale: [3, 1], mode } },
  { name: `${mode}, one pixel, 2 by 4`, x: [2, 1, 1, 1], attributes: { scale: [2, 4], mode } },
])

/** Throws ShapeError `invalid_attribute` for factors that are no whole numbers of at least 1. */
export function requireScale(scale: Pair): void {
  if (scale.every((factor) => Number.isInteger(factor) && factor >= 1)) return
  throw invalidAttribute(`scale ${show(scale)}: expected whole numbers of at least 1`, 'Use 2 to double height and width.')
}

export function upsamplingFlops(elements: number, { mode }: UpsamplingAttributes): number {
  return mode === 'nearest' ? 0 : BILINEAR_FLOPS * elements
}

export const upsample2d: Op<UpsamplingAttributes> = {
  summary: 'Images enlarged by whole factors: repeated pixels, or bilinear between pixel centers.',
  formula:
    'nearest: y[n,c,i,j] = x[n, c, ⌊i/scale⌋, ⌊j/scale⌋]; bilinear: y[n,c,i,j] = Σ_{h,w} a[i,h] · b[j,w] · x[n,c,h,w], weights linear between ⌊u⌋ and ⌊u⌋ + 1 of u = max(0, (i + ½)/scale − ½), within the image',
  infer(inputs, { scale }) {
    const [x] = operands(inputs, ['x'])
    const [N, C, H, W] = dims(x, 'x', ['N', 'C', 'H', 'W'])
    requireScale(scale)
    return [real(N, C, H * scale[0], W * scale[1])]
  },
  derivative(builder, { attributes, dOutputs: [dy], wants }) {
    return dy === null || dy === undefined || !wants[0] ? [null] : builder.emit('upsample2d_backward', [dy], attributes)
  },
  cost(inputs, outputs, attributes) {
    const [y] = operands(outputs, ['y'])
    return { flops: upsamplingFlops(elementCount(y.shape), attributes), bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: UPSAMPLINGS.map(({ name, x, attributes }): OpSample<UpsamplingAttributes> => ({ name, inputs: [real(...x)], attributes })),
  errors: [
    { inputs: [], attributes: { scale: [2, 2], mode: 'nearest' }, code: 'wrong_arity' },
    { inputs: [real(2, 3)], attributes: { scale: [2, 2], mode: 'nearest' }, code: 'wrong_rank' },
    { inputs: [real(1, 1, 2, 2)], attributes: { scale: [1.5, 2], mode: 'bilinear' }, code: 'invalid_attribute' },
  ],
}
