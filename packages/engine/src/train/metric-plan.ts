// What the evaluations of a training configuration measure.

import type { TargetDescription } from '../spec/loss-config.ts'
import { chosenMetrics, type MetricName, metricTarget } from '../spec/metric-config.ts'
import type { TrainingConfig } from '../spec/training-config.ts'
import type { MetricPlan } from './evaluation.ts'

/** Series that decide something, and so are measured in any case. */
export function decidingSeries({ schedule, early_stopping, stop_when, checkpoint }: TrainingConfig): readonly string[] {
  const plateau = schedule.type === 'reduce_on_plateau' ? [schedule.metric] : []
  return [...plateau, early_stopping?.metric, stop_when?.metric, checkpoint.metric].filter((series) => series !== undefined)
}

/** @param asked in place of those of the configuration */
export function planMetrics(training: TrainingConfig, target: TargetDescription, asked?: readonly MetricName[]): MetricPlan {
  const kind = metricTarget(target, training.loss)
  const { metrics, top_k: topK } = training.evaluate
  return {
    target: kind,
    size: target.kind === 'class' ? target.classes.length : target.size,
    metrics: chosenMetrics(kind, asked ?? metrics, topK, decidingSeries(training)),
    topK,
  }
}
