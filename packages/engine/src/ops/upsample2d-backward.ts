// Derivative of `upsample2d`.

import { elementCount } from '../core/tensor.ts'
import type { UpsamplingAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { dims, operands, real, show } from './operands.ts'
import { requireScale, UPSAMPLINGS, upsamplingFlops } from './upsample2d.ts'

export const upsample2dBackward: Op<UpsamplingAttributes> = {
  summary: 'Derivative of upsample2d: each pixel gets the sum of what was made of it.',
  // forward: nearest: y[n,c,i,j] = x[n, c, ⌊i/scale⌋, ⌊j/scale⌋]; bilinear: y[n,c,i,j] = Σ_{h,w} a[i,h] · b[j,w] · x[n,c,h,w]
  formula: 'dx[n,c,h,w] = Σ_{i,j} a[i,h] · b[j,w] · dy[n,c,i,j]; for nearest a[i,h] = [⌊i/scale⌋ = h], and so b',
  infer(inputs, { scale }) {
    const [dy] = operands(inputs, ['dy'])
    const [N, C, H, W] = dims(dy, 'dy', ['N', 'C', 'H', 'W'])
    requireScale(scale)
    if (H % scale[0] !== 0 || W % scale[1] !== 0) {
      const message = `dy has shape ${show(dy.shape)}, expected height and width that scale ${show(scale)} divides`
      throw new ShapeError('shape_mismatch', message, 'Use the scale of the forward op.')
    }
    return [real(N, C, H / scale[0], W / scale[1])]
  },
  derivative: null,
  cost(inputs, outputs, attributes) {
    const elements = elementCount(inputs[0]?.shape ?? [])
    const flops = attributes.mode === 'nearest' ? elements : upsamplingFlops(elements, attributes)
    return { flops, bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: UPSAMPLINGS.map(({ name, x: [N, C, H, W], attributes }) => {
    const [vertical, horizontal] = attributes.scale
    return { name, inputs: [real(N, C, H * vertical, W * horizontal)], attributes }
  }),
  errors: [
    { inputs: [], attributes: { scale: [2, 2], mode: 'nearest' }, code: 'wrong_arity' },
    { inputs: [real(2, 4)], attributes: { scale: [2, 2], mode: 'nearest' }, code: 'wrong_rank' },
    { inputs: [real(1, 1, 3, 4)], attributes: { scale: [2, 2], mode: 'nearest' }, code: 'shape_mismatch' },
    { inputs: [real(1, 1, 4, 4)], attributes: { scale: [0, 2], mode: 'bilinear' }, code: 'invalid_attribute' },
  ],
}
