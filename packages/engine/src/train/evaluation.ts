// One pass over a split: loss and accuracy of class targets; loss, mean squared and mean absolute error of value targets.

import type { Batch, Session } from './session.ts'

export type TargetKind = { readonly kind: 'class' } | { readonly kind: 'value'; readonly size: number }

export interface EvaluationData {
  readonly rows: number
  readonly target: TargetKind
  /** Batches of one pass. */
  readonly steps: number
  /** Batch 0 … steps − 1, in the stored order; valid until the next call. */
  batch(step: number): Batch
}

export type EvaluatingSession = Pick<Session, 'evaluateBatch' | 'scalars' | 'predictions'>

/** Yields after every batch, so that the caller can look up from the work. @returns metric → value, `loss` among them. */
export function* evaluate(session: EvaluatingSession, data: EvaluationData): Generator<undefined, Record<string, number>> {
  let lossSum = 0
  let weightSum = 0
  let correct = 0
  let squared = 0
  let absolute = 0
  let values = 0
  for (let step = 0; step < data.steps; step++) {
    const batch = data.batch(step)
    session.evaluateBatch(batch)
    const [loss = Number.NaN, hits = 0, weight = 0] = session.scalars
    lossSum += loss * weight
    weightSum += weight
    correct += hits
    if (data.target.kind === 'value') {
      const size = data.target.size * batch.count
      for (let i = 0; i < size; i++) {
        const error = (session.predictions[i] ?? Number.NaN) - (batch.targets[i] ?? Number.NaN)
        squared += error * error
        absolute += Math.abs(error)
      }
      values += size
    }
    yield
  }
  const loss = lossSum / weightSum
  return data.target.kind === 'class' ? { loss, accuracy: correct / data.rows } : { loss, mse: squared / values, mae: absolute / values }
}
