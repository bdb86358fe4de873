// An activation, element by element. The functions are in activation-functions.ts.

import { ACTIVATION_FUNCTIONS, ACTIVATION_NAMES } from './activation-functions.ts'
import type { ActivationAttributes, ActivationFunction } from './attributes.ts'
import { perElement } from './cost.ts'
import type { Op, OpSample } from './op.ts'
import { invalidAttribute, operands, real, requireReal } from './operands.ts'

/** Slope or scale of the samples where the function has one; away from 1 and from the usual ones, so that a confusion shows. */
const SAMPLE_ALPHA: Partial<Record<ActivationFunction, number>> = { leaky_relu: 0.15, elu: 0.7 }

/** Attributes that the family's samples use. */
export const ACTIVATION_SAMPLES: readonly ActivationAttributes[] = ACTIVATION_NAMES.map((name) => ({
  function: name,
  alpha: SAMPLE_ALPHA[name] ?? 0,
}))

/** Throws ShapeError `invalid_attribute` for an alpha that no function takes. */
export function requireAlpha({ function: name, alpha }: ActivationAttributes): void {
  if (!(alpha >= 0 && alpha < Number.POSITIVE_INFINITY)) {
    throw invalidAttribute(`alpha of ${name} is ${alpha}, expected a number of at least 0`, 'Use 0.01 for leaky_relu, 1 for elu.')
  }
}

export const activation: Op<ActivationAttributes> = {
  summary: 'One of the activation functions, element by element.',
  formula: 'y = f(x)',
  infer(inputs, attributes) {
    const [x] = operands(inputs, ['x'])
    requireReal(x, 'x')
    requireAlpha(attributes)
    return [x]
  },
  derivative(builder, { inputs, outputs, attributes, dOutputs, wants }) {
    const [x] = operands(inputs, ['x'])
    const [y] = operands(outputs, ['y'])
    const [dy] = dOutputs
    if (dy === null || dy === undefined || !wants[0]) return [null]
    const saved = ACTIVATION_FUNCTIONS[attributes.function].from === 'y' ? y : x
    return builder.emit('activation_backward', [dy, saved], attributes)
  },
  cost: perElement(1),
  inPlace: [[0, 0]],
  samples: ACTIVATION_SAMPLES.flatMap((attributes): OpSample<ActivationAttributes>[] => {
    const apart = ACTIVATION_FUNCTIONS[attributes.function].kink ? { apart: 0.01 } : {}
    return [
      { name: attributes.function, inputs: [{ ...real(3, 7), low: -3, high: 3, ...apart }], attributes },
      { name: `${attributes.function}, image`, inputs: [{ ...real(2, 3, 2, 5), low: -8, high: 8, ...apart }], attributes },
    ]
  }),
  errors: [
    { inputs: [], attributes: { function: 'relu', alpha: 0 }, code: 'wrong_arity' },
    { inputs: [{ shape: [3], type: 'index' }], attributes: { function: 'relu', alpha: 0 }, code: 'wrong_type' },
    { inputs: [real(3)], attributes: { function: 'leaky_relu', alpha: -1 }, code: 'invalid_attribute' },
  ],
}
