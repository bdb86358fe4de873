// One pass over a split: the loss, and the metrics that were asked for.

import { type ClassReport, EvaluationMeter } from '../metrics/index.ts'
import type { MetricName, MetricTarget } from '../spec/metric-config.ts'
import type { Batch, Session } from './session.ts'

export type TargetKind = { readonly kind: 'class' } | { readonly kind: 'value'; readonly size: number }

/** What an evaluation measures. */
export interface MetricPlan {
  readonly target: MetricTarget
  /** Classes, labels or values per row. */
  readonly size: number
  readonly metrics: readonly MetricName[]
  readonly topK: number
}

export interface EvaluationData {
  readonly rows: number
  readonly plan: MetricPlan
  /** Batches of one pass. */
  readonly steps: number
  /** Batch 0 … steps − 1, in the stored order; valid until the next call. */
  batch(step: number): Batch
}

export interface Evaluation {
  /** Name → value, `loss` among them. */
  readonly metrics: Readonly<Record<string, number>>
  /** Class by class; null for values. */
  readonly report: ClassReport | null
}

export type EvaluatingSession = Pick<Session, 'evaluateBatch' | 'scalars' | 'predictions'>

/** Yields after every batch, so that the caller can look up from the work. */
export function* evaluate(session: EvaluatingSession, data: EvaluationData): Generator<undefined, Evaluation> {
  const meter = new EvaluationMeter({ ...data.plan, rows: data.rows })
  let lossSum = 0
  let weightSum = 0
  for (let step = 0; step < data.steps; step++) {
    const batch = data.batch(step)
    session.evaluateBatch(batch)
    const [loss = Number.NaN, , weight = 0] = session.scalars
    lossSum += loss * weight
    weightSum += weight
    meter.add(session.predictions, batch.targets, batch.count)
    yield
  }
  return { metrics: { loss: lossSum / weightSum, ...meter.results() }, report: meter.report() }
}
