// Derivative of `conv2d` by its input, and so the transposed convolution: with x for dy it is that layer's forward op, weights [C_in, C_out/groups, R, S].

import type { OpAttributes } from './attributes.ts'
import { CONVOLUTIONS, weightShape } from './conv2d.samples.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real, requireRealShape } from './operands.ts'
import { convolutionFlops, windowOutput } from './window.ts'

const plain: OpAttributes<'conv2d_backward_data'> = {
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
  groups: 1,
  inputSize: [4, 4],
}

export const conv2dBackwardData: Op<OpAttributes<'conv2d_backward_data'>> = {
  summary: 'Derivative of conv2d by x.',
  // forward: y[n,k,i,j] = Σ_{c,r,s} x[n, c, i·stride − top + r·dilation, j·stride − left + s·dilation] · weight[k,c,r,s] + bias[k]
  formula: 'dx[n,c,h,w] = Σ_{k,r,s} dy[n,k,i,j] · weight[k,c,r,s] over all i, j with i·stride − top + r·dilation = h and so for w',
  infer(inputs, attributes) {
    const [dy, weight] = operands(inputs, ['dy', 'weight'])
    const [N] = dims(dy, 'dy', ['N', 'K', 'H', 'W'])
    const [K, channels, R, S] = dims(weight, 'weight', ['K', 'C/groups', 'R', 'S'])
    const size = windowOutput(attributes.inputSize, { kernel: [R, S], ...attributes })
    requireRealShape(dy, 'dy', [N, K, ...size], 'Use the same attributes as in the forward convolution.')
    return [real(N, channels * attributes.groups, ...attributes.inputSize)]
  },
  // The op is linear in both: by dy it is the convolution, by weight the convolution's derivative with dy and x in each other's place.
  derivative(builder, { inputs, attributes: { inputSize: _, ...geometry }, dOutputs: [dOutput], wants }) {
    const [dy, weight] = operands(inputs, ['dy', 'weight'])
    if (dOutput === null || dOutput === undefined) return [null, null]
    const [, , R, S] = dims(builder.type(weight), 'weight', ['K', 'C/groups', 'R', 'S'])
    const [byData = null] = wants[0] ? builder.emit('conv2d', [dOutput, weight], geometry) : []
    const options = { ...geometry, kernel: [R, S], bias: false } as const
    const [byWeight = null] = wants[1] ? builder.emit('conv2d_backward_weight', [dy, dOutput], options) : []
    return [byData, byWeight]
  },
  cost(inputs, outputs) {
    const [dy, weight] = operands(inputs, ['dy', 'weight'])
    const [, channels, R, S] = dims(weight, 'weight', ['K', 'C/groups', 'R', 'S'])
    return { flops: convolutionFlops(dy, channels, [R, S]), bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  samples: CONVOLUTIONS.map((geometry) => {
    const { name, x, K, y, attributes } = geometry
    return { name, inputs: [real(x[0], K, ...y), real(...weightShape(geometry))], attributes: { ...attributes, inputSize: [x[2], x[3]] } }
  }),
  errors: [
    { inputs: [real(1, 6, 2, 2)], attributes: plain, code: 'wrong_arity' },
    { inputs: [real(1, 24), real(6, 1, 3, 3)], attributes: plain, code: 'wrong_rank' },
    { inputs: [real(1, 6, 3, 3), real(6, 1, 3, 3)], attributes: plain, code: 'shape_mismatch' },
    { inputs: [real(1, 6, 1, 1), real(6, 1, 5, 5)], attributes: plain, code: 'window_too_large' },
  ],
}
