// The activation family as one table: name | f | f′ and what it is computed from. Adding a row adds an activation.

import type { ActivationFunction } from './attributes.ts'
import { erf } from './erf.ts'

export interface ActivationFunctionEntry {
  readonly formula: string
  /** What the backward pass keeps: the output where that suffices, since then the op can run in place. */
  readonly from: 'x' | 'y'
  /** Whether f′ jumps at 0: gradient checks keep away from there. */
  readonly kink: boolean
  f(x: number, alpha: number): number
  /** f′ in terms of the saved tensor (x or y, as `from` says). */
  derivative(saved: number, alpha: number): number
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
/** Φ(x), the distribution function of the standard normal. */
const normalDistribution = (x: number) => 0.5 * (1 + erf(x * Math.SQRT1_2))
/** φ(x), its density. */
const normalDensity = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI)

export const ACTIVATION_FUNCTIONS: { readonly [F in ActivationFunction]: ActivationFunctionEntry } = {
  relu: {
    formula: 'max(0, x)',
    from: 'y',
    kink: true,
    f: (x) => (x > 0 ? x : 0),
    derivative: (y) => (y > 0 ? 1 : 0),
  },
  sigmoid: {
    formula: '1 / (1 + e^−x)',
    from: 'y',
    kink: false,
    f: sigmoid,
    derivative: (y) => y * (1 - y),
  },
  tanh: {
    formula: '(e^x − e^−x) / (e^x + e^−x)',
    from: 'y',
    kink: false,
    f: Math.tanh,
    derivative: (y) => 1 - y * y,
  },
  leaky_relu: {
    formula: 'x for x > 0, else alpha · x',
    from: 'y',
    kink: true,
    f: (x, alpha) => (x > 0 ? x : alpha * x),
    derivative: (y, alpha) => (y > 0 ? 1 : alpha),
  },
  elu: {
    // Clevert et al. 2016. Below 0, f′ = alpha · e^x = y + alpha.
    formula: 'x for x > 0, else alpha · (e^x − 1)',
    from: 'y',
    kink: true,
    f: (x, alpha) => (x > 0 ? x : alpha * Math.expm1(x)),
    derivative: (y, alpha) => (y > 0 ? 1 : y + alpha),
  },
  gelu: {
    // Hendrycks and Gimpel 2016, the exact form.
    formula: 'x · Φ(x), Φ the normal distribution function',
    from: 'x',
    kink: false,
    f: (x) => x * normalDistribution(x),
    derivative: (x) => normalDistribution(x) + x * normalDensity(x),
  },
  silu: {
    // f′ = σ + x · σ · (1 − σ)
    formula: 'x · sigmoid(x)',
    from: 'x',
    kink: false,
    f: (x) => x * sigmoid(x),
    derivative: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
  },
  softplus: {
    // ln(1 + e^x) without overflow.
    formula: 'ln(1 + e^x)',
    from: 'x',
    kink: false,
    f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    derivative: sigmoid,
  },
}

export const ACTIVATION_NAMES = Object.keys(ACTIVATION_FUNCTIONS) as readonly ActivationFunction[]
