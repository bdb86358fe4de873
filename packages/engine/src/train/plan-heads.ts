// What the evaluations of a training configuration measure.

import { type DatasetTargets, describeTarget, seriesPrefix, trainedHeads } from '../spec/head-config.ts'
import { chosenMetrics, type MetricName, metricTarget } from '../spec/metric-config.ts'
import type { TrainingConfig } from '../spec/training-config.ts'
import type { HeadPlan } from './evaluation.ts'

/** Series that decide something, and so are measured in any case. */
export function decidingSeries({ schedule, early_stopping, stop_when, checkpoint }: TrainingConfig): readonly string[] {
  const plateau = schedule.type === 'reduce_on_plateau' ? [schedule.metric] : []
  return [...plateau, early_stopping?.metric, stop_when?.metric, checkpoint.metric].filter((series) => series !== undefined)
}

/**
 * What is measured of each head, in the order of the model's outputs.
 * @param outputs of the part of the model that is trained
 * @param asked in place of those of the configuration; of each head those that are for its target
 */
export function planHeads(
  training: TrainingConfig,
  dataset: DatasetTargets,
  outputs: readonly string[],
  asked?: readonly MetricName[],
): readonly HeadPlan[] {
  const { top_k: topK } = training.evaluate
  return trainedHeads(training, outputs).map(({ name, loss, weight, target, metrics }) => {
    const description = describeTarget(target, dataset)
    if (description === null) throw new Error(`head "${name}": the dataset does not have what it is compared with`)
    const kind = metricTarget(description, loss)
    const size = description.kind === 'class' ? description.classes.length : description.size
    const coarseOf = description.kind === 'class' ? description.coarseOf : undefined
    const chosen = chosenMetrics(kind, asked ?? metrics, topK, decidingSeries(training), seriesPrefix(name))
    return { name, weight, target: kind, size, coarseOf, metrics: chosen, topK }
  })
}
