// The unit of McCulloch and Pitts 1943: all or nothing. Its derivative is 0 wherever it exists, so nothing before it learns.

import type { OpAttributes } from './attributes.ts'
import { perElement } from './cost.ts'
import type { Op } from './op.ts'
import { invalidAttribute, operands, real, requireReal } from './operands.ts'

export const threshold: Op<OpAttributes<'threshold'>> = {
  summary: 'One where the input reaches the threshold, else zero.',
  formula: 'y = 1 for x ≥ threshold, else 0',
  infer(inputs, attributes) {
    const [x] = operands(inputs, ['x'])
    requireReal(x, 'x')
    if (!Number.isFinite(attributes.threshold)) {
      throw invalidAttribute(`threshold ${attributes.threshold}, expected a finite number`, 'Use 0 and put the threshold into the bias.')
    }
    return [x]
  },
  derivative(builder, { inputs, dOutputs: [dy], wants }) {
    const [x] = operands(inputs, ['x'])
    if (dy === null || dy === undefined || !wants[0]) return [null]
    return builder.emit('fill', [], { shape: builder.type(x).shape, value: 0 })
  },
  cost: perElement(1),
  inPlace: [[0, 0]],
  samples: [
    { name: 'at zero', inputs: [{ ...real(3, 7), apart: 0.01 }], attributes: { threshold: 0 } },
    { name: 'never reached', inputs: [{ ...real(2, 3, 2, 5), low: -2, high: 0.4 }], attributes: { threshold: 0.5 } },
    { name: 'always reached', inputs: [{ ...real(5), low: -1, high: 0 }], attributes: { threshold: -1.5 } },
  ],
  errors: [
    { inputs: [], attributes: { threshold: 0 }, code: 'wrong_arity' },
    { inputs: [{ shape: [3], type: 'index' }], attributes: { threshold: 0 }, code: 'wrong_type' },
    { inputs: [real(3)], attributes: { threshold: Number.NaN }, code: 'invalid_attribute' },
  ],
}
