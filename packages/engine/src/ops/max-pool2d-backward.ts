// Derivative of `max_pool2d`.

import { elementCount } from '../core/tensor.ts'
import type { OpAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import { type Op, ShapeError } from './op.ts'
import { dims, operands, real, requireRealShape, requireShape } from './operands.ts'
import { POOLINGS } from './pooling.samples.ts'
import { poolingOutput } from './window.ts'

const halves: OpAttributes<'max_pool2d_backward'> = { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], inputSize: [4, 4] }

export const maxPool2dBackward: Op<OpAttributes<'max_pool2d_backward'>> = {
  summary: 'Derivative of max_pool2d: each dy goes to where its maximum was found.',
  // forward: y[n,c,i,j] = max_{r,s} x[n, c, i·stride − top + r, j·stride − left + s]; the first of equal ones wins
  formula: 'dx[n,c,h,w] = Σ dy[n,c,i,j] over all windows i, j whose maximum is x[n,c,h,w]',
  infer(inputs, attributes) {
    const [dy, workspace] = operands(inputs, ['dy', 'workspace'])
    const [N, C] = dims(dy, 'dy', ['N', 'C', 'H', 'W'])
    const size = poolingOutput(attributes.inputSize, attributes)
    requireRealShape(dy, 'dy', [N, C, ...size], 'Use the same attributes as in the forward op.')
    if (workspace.type !== 'workspace') {
      throw new ShapeError(
        'wrong_type',
        `workspace has elements of type ${workspace.type}, expected workspace`,
        'Use the second output of max_pool2d.',
      )
    }
    requireShape(workspace, 'workspace', dy.shape, 'Use the workspace of the same max_pool2d.')
    return [real(N, C, ...attributes.inputSize)]
  },
  derivative: null,
  cost(inputs, outputs) {
    const [dy] = operands(inputs, ['dy', 'workspace'])
    return { flops: elementCount(dy.shape), bytes: operandBytes(inputs, outputs) }
  },
  inPlace: [],
  // The workspace is opaque: numbers are tested through max_pool2d's derivative.
  samples: POOLINGS.map(({ name, x, y, attributes }) => ({
    name,
    inputs: [real(x[0], x[1], ...y), { shape: [x[0], x[1], ...y], type: 'workspace' }],
    attributes: { ...attributes, inputSize: [x[2], x[3]] },
  })),
  errors: [
    { inputs: [real(1, 1, 2, 2)], attributes: halves, code: 'wrong_arity' },
    { inputs: [real(1, 1, 3, 2), { shape: [1, 1, 3, 2], type: 'workspace' }], attributes: halves, code: 'shape_mismatch' },
    { inputs: [real(1, 1, 2, 2), { shape: [1, 2, 2, 2], type: 'workspace' }], attributes: halves, code: 'shape_mismatch' },
    { inputs: [real(1, 1, 2, 2), real(1, 1, 2, 2)], attributes: halves, code: 'wrong_type' },
  ],
}
