// Class probabilities from logits, for predictions and as a layer. Losses take softmax_cross_entropy, which is exact for large logits.

import { elementCount } from '../core/tensor.ts'
import type { NoAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op } from './op.ts'
import { dims, operands, real } from './operands.ts'

export const softmax: Op<NoAttributes> = {
  summary: 'Probabilities of the classes, row by row.',
  formula: 'y[n,c] = e^(x[n,c] − m) / Σ_c e^(x[n,c] − m), m the maximum of the row',
  infer(inputs) {
    const [x] = operands(inputs, ['x'])
    dims(x, 'x', ['N', 'C'])
    return [x]
  },
  derivative(builder, { outputs, dOutputs: [dy], wants }) {
    const [y] = operands(outputs, ['y'])
    return dy === null || dy === undefined || !wants[0] ? [null] : builder.emit('softmax_backward', [dy, y], {})
  },
  cost: (inputs, outputs) => ({ flops: 4 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [[0, 0]],
  samples: [
    { name: 'ten classes', inputs: [{ ...real(3, 10), low: -4, high: 4 }], attributes: {} },
    { name: 'one class', inputs: [real(2, 1)], attributes: {} },
    { name: 'large logits', inputs: [{ ...real(2, 17), low: 500, high: 1500 }], attributes: {} },
  ],
  errors: [
    { inputs: [], attributes: {}, code: 'wrong_arity' },
    { inputs: [real(2, 3, 4, 5)], attributes: {}, code: 'wrong_rank' },
  ],
}
