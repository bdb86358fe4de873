// The losses that compare output and target number by number, as one table: name | f(o, y) | ∂f/∂o | source. Adding a row adds a loss.

import type { PointwiseLossFunction } from './attributes.ts'

export interface PointwiseLossEntry {
  /** o the output, y the target, p the parameter. */
  readonly formula: string
  /** What the parameter is, and a value that tests use; null where there is none. */
  readonly parameter: { readonly name: string; readonly sample: number } | null
  /** Range of the targets that samples use. */
  readonly targets: readonly [low: number, high: number]
  f(o: number, y: number, p: number): number
  /** ∂f/∂o; at a kink that of PyTorch. */
  derivative(o: number, y: number, p: number): number
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))

/** Class labels 0 and 1 mean the sides −1 and 1. */
const side = (y: number) => (y > 0 ? 1 : -1)

export const POINTWISE_LOSS_FUNCTIONS: { readonly [F in PointwiseLossFunction]: PointwiseLossEntry } = {
  squared_error: {
    formula: '(o − y)²',
    parameter: null,
    targets: [-1, 1],
    f: (o, y) => (o - y) * (o - y),
    derivative: (o, y) => 2 * (o - y),
  },
  absolute_error: {
    formula: '|o − y|',
    parameter: null,
    targets: [-1, 1],
    f: (o, y) => Math.abs(o - y),
    derivative: (o, y) => Math.sign(o - y),
  },
  huber: {
    // Huber 1964; as PyTorch's HuberLoss.
    formula: '½(o − y)² for |o − y| ≤ p, else p·(|o − y| − ½p)',
    parameter: { name: 'delta', sample: 0.4 },
    targets: [-1, 1],
    f: (o, y, p) => {
      const error = Math.abs(o - y)
      return error <= p ? 0.5 * error * error : p * (error - 0.5 * p)
    },
    derivative: (o, y, p) => Math.max(-p, Math.min(p, o - y)),
  },
  binary_cross_entropy: {
    // −ln σ(o) = ln(1 + e^−|o|) + max(−o, 0), which does not overflow; as PyTorch's BCEWithLogitsLoss with pos_weight p.
    formula: '−p·y·ln σ(o) − (1 − y)·ln(1 − σ(o)), σ the sigmoid',
    parameter: { name: 'positive weight', sample: 2.5 },
    targets: [0, 1],
    f: (o, y, p) => (1 - y) * o + (1 - y + p * y) * (Math.log1p(Math.exp(-Math.abs(o))) + Math.max(-o, 0)),
    derivative: (o, y, p) => (1 - y) * sigmoid(o) - p * y * sigmoid(-o),
  },
  hinge: {
    // Rosasco et al. 2004.
    formula: 'max(0, p − s·o), s = 1 for y > 0, else −1',
    parameter: { name: 'margin', sample: 0.5 },
    targets: [-1, 1],
    f: (o, y, p) => Math.max(0, p - side(y) * o),
    derivative: (o, y, p) => (p - side(y) * o > 0 ? -side(y) : 0),
  },
}

export const POINTWISE_LOSS_NAMES = Object.keys(POINTWISE_LOSS_FUNCTIONS) as readonly PointwiseLossFunction[]
