// Activations, element by element. One table: value, derivative, and from which of the two the derivative is computed.

import type { ActivationAttributes, ActivationFunction } from './attributes.ts'
import type { Op, OpSample } from './op.ts'
import { costPerOutput, inputAt, real } from './shapes.ts'

export interface ActivationRow {
  /** f(x) */
  readonly value: (x: number, alpha: number) => number
  /** f′ as a function of what `from` names. */
  readonly slope: (saved: number, alpha: number) => number
  /** What the backward pass keeps: the input, or the output (which saves the input's memory). */
  readonly from: 'x' | 'y'
  readonly formula: string
  readonly source: string
}

const SQRT_HALF = Math.SQRT1_2
/** 1/√(2π) */
const NORMAL_PEAK = 0.3989422804014327

/** erf to 1.2e-7 absolute would not do in float64, so: series near 0, continued fraction beyond. Source: Abramowitz and Stegun 7.1.6, 7.1.14. */
function erf(x: number): number {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a < 2.5) {
    let term = a
    let sum = a
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * a * a) / (2 * n + 1)
      sum += term
    }
    return Math.sign(x) * 1.1283791670955126 * Math.exp(-a * a) * sum
  }
  let fraction = 0
  for (let n = 60; n > 0; n--) fraction = (0.5 * n) / (a + fraction)
  return Math.sign(x) * (1 - (Math.exp(-a * a) * 0.5641895835477563) / (a + fraction))
}

const normalCdf = (x: number) => 0.5 * (1 + erf(x * SQRT_HALF))
const logistic = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))

export const ACTIVATIONS: { readonly [K in ActivationFunction]: ActivationRow } = {
  relu: {
    value: (x) => (x > 0 ? x : 0),
    slope: (y) => (y > 0 ? 1 : 0),
    from: 'y',
    formula: 'max(0, x)',
    source: 'Nair and Hinton 2010',
  },
  sigmoid: { value: logistic, slope: (y) => y * (1 - y), from: 'y', formula: '1 / (1 + e^−x)', source: 'Rumelhart et al. 1986' },
  tanh: { value: Math.tanh, slope: (y) => 1 - y * y, from: 'y', formula: 'tanh x', source: 'LeCun et al. 1998' },
  leaky_relu: {
    value: (x, alpha) => (x > 0 ? x : alpha * x),
    slope: (x, alpha) => (x > 0 ? 1 : alpha),
    from: 'x',
    formula: 'x for x > 0, else αx',
    source: 'Maas et al. 2013',
  },
  elu: {
    value: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x, alpha) => (x > 0 ? 1 : alpha * Math.exp(x)),
    from: 'x',
    formula: 'x for x > 0, else α(e^x − 1)',
    source: 'Clevert et al. 2016',
  },
  gelu: {
    value: (x) => x * normalCdf(x),
    slope: (x) => normalCdf(x) + x * NORMAL_PEAK * Math.exp(-0.5 * x * x),
    from: 'x',
    formula: 'x · Φ(x)',
    source: 'Hendrycks and Gimpel 2016',
  },
  silu: {
    value: (x) => x * logistic(x),
    slope: (x) => logistic(x) * (1 + x * (1 - logistic(x))),
    from: 'x',
    formula: 'x / (1 + e^−x)',
    source: 'Elfwing et al. 2018',
  },
  softplus: {
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: logistic,
    from: 'x',
    formula: 'ln(1 + e^x)',
    source: 'Dugas et al. 2001',
  },
}

/** Alphas of the functions that have one, for samples. */
const SAMPLE_ALPHA: Partial<Record<ActivationFunction, number>> = { leaky_relu: 0.1, elu: 1.5 }

function samplesOf(name: ActivationFunction): readonly OpSample<ActivationAttributes>[] {
  const attributes = { function: name, alpha: SAMPLE_ALPHA[name] ?? 0 }
  return [
    { name: `${name}, rows`, inputs: [{ ...real(3, 7), low: -3, high: 3, apart: 0.01 }], attributes },
    { name: `${name}, image with 17 channels`, inputs: [{ ...real(1, 17, 3, 3), low: -3, high: 3, apart: 0.01 }], attributes },
  ]
}

const functions = Object.keys(ACTIVATIONS) as readonly ActivationFunction[]

export const activation: Op<ActivationAttributes> = {
  summary: 'A function of every element: x → y of the same shape.',
  formula: 'y = f(x)',
  infer: (inputs) => [inputAt(inputs, 0)],
  derivative(builder, { inputs, outputs, attributes, dOutputs, wants }) {
    const saved = ACTIVATIONS[attributes.function].from === 'x' ? inputs[0] : outputs[0]
    const [dy] = dOutputs
    if (wants[0] !== true || saved === undefined || dy === undefined || dy === null) return [null]
    const [dx = null] = builder.emit('activation_backward', [dy, saved], attributes)
    return [dx]
  },
  cost: costPerOutput(1),
  inPlace: [[0, 0]],
  samples: functions.flatMap(samplesOf),
  errors: [{ inputs: [], attributes: { function: 'relu', alpha: 0 }, code: 'missing_input' }],
}
