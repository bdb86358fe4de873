// Derivative of max_pool2d (y = max over the window of x): all of dy goes to where the maximum was.

import type { OpAttributes } from './attributes.ts'
import type { Op } from './op.ts'
import { costPerOutput, dimensions, expectShape, real, windowOutput } from './shapes.ts'

export const maxPool2dBackward: Op<OpAttributes<'max_pool2d_backward'>> = {
  summary: 'Derivative of max_pool2d by its input: dy[N,C,P,Q], workspace → dx[N,C,H,W].',
  formula: 'dx[n, c, position of the maximum] = Σ dy of the windows that it won',
  infer(inputs, attributes) {
    const [n = 0, c = 0] = dimensions(inputs, 0, 4)
    const shape = [n, c, ...windowOutput(attributes.inputSize, attributes)]
    expectShape(inputs, 0, shape)
    expectShape(inputs, 1, shape)
    return [real(n, c, ...attributes.inputSize)]
  },
  derivative: null,
  cost: costPerOutput(1),
  inPlace: [],
  samples: [],
  errors: [
    {
      inputs: [real(1, 1, 3, 3), { shape: [1, 1, 3, 3], type: 'workspace' }],
      attributes: { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0], inputSize: [4, 4] },
      code: 'shape_mismatch',
    },
  ],
}
