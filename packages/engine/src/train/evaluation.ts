// One pass over a split: the loss, and the metrics that were asked for.

import { type ClassReport, EvaluationMeter } from '../metrics/index.ts'
import { seriesPrefix } from '../spec/head-config.ts'
import type { MetricName, MetricTarget } from '../spec/metric-config.ts'
import { LossMean, weightedSum } from './loss-mean.ts'
import type { Batch, Session } from './session.ts'

/** What is measured of a head of the model. */
export interface HeadPlan {
  /** Of its series; null where the model has one output that needs no name. */
  readonly name: string | null
  /** Of its loss in the sum. */
  readonly weight: number
  readonly target: MetricTarget
  /** Classes, labels or values per row. */
  readonly size: number
  /** Of classes below coarse ones: for each the index of its coarse class. */
  readonly coarseOf?: readonly number[] | undefined
  readonly metrics: readonly MetricName[]
  readonly topK: number
}

export interface EvaluationData {
  readonly rows: number
  /** Batches of one pass. */
  readonly steps: number
  /** Batch 0 … steps − 1, in the stored order; valid until the next call. */
  batch(step: number): Batch
}

/** How a head did, class by class. */
export interface HeadReport {
  readonly name: string | null
  readonly report: ClassReport
}

export interface Evaluation {
  /** Name → value: `loss`, the metrics, and of a head with a name `<head>/loss` and so on. */
  readonly metrics: Readonly<Record<string, number>>
  /** Of the heads whose targets are classes or labels. */
  readonly reports: readonly HeadReport[]
}

export type EvaluatingSession = Pick<Session, 'evaluateBatch' | 'scalars' | 'predictions' | 'targets'>

/** Yields after every batch, so that the caller can look up from the work. */
export function* evaluate(session: EvaluatingSession, heads: readonly HeadPlan[], data: EvaluationData): Generator<undefined, Evaluation> {
  const gathered = heads.map((plan) => ({ plan, meter: new EvaluationMeter({ ...plan, rows: data.rows }), mean: new LossMean() }))
  for (let step = 0; step < data.steps; step++) {
    const batch = data.batch(step)
    session.evaluateBatch(batch)
    gathered.forEach(({ meter, mean }, head) => {
      mean.add(session.scalars, head)
      meter.add(session.predictions(head), session.targets(head), batch.count)
    })
    yield
  }
  const results = gathered.flatMap(({ plan: { name }, meter, mean }) => {
    const own = name === null ? meter.results() : { loss: mean.value, ...meter.results() }
    return Object.entries(own).map(([series, value]) => [seriesPrefix(name) + series, value] as const)
  })
  const loss = weightedSum(gathered.map(({ plan, mean }) => ({ weight: plan.weight, loss: mean.value })))
  const reports = gathered.flatMap(({ plan: { name }, meter }) => {
    const report = meter.report()
    return report === null ? [] : [{ name, report }]
  })
  return { metrics: { loss, ...Object.fromEntries(results) }, reports }
}
