// The metrics of an evaluation by name: which there are for which targets, what their series are called, and which way is better.

import { z } from 'zod'
import type { LossConfig, TargetDescription } from './loss-config.ts'

export const metricNameSchema = z.enum([
  'accuracy',
  'coarse_accuracy',
  'top_k',
  'precision',
  'recall',
  'f1',
  'precision_micro',
  'recall_micro',
  'f1_micro',
  'hamming_loss',
  'roc_auc',
  'mse',
  'mae',
  'rmse',
  'r2',
])
export type MetricName = z.output<typeof metricNameSchema>

/** What predictions are compared with: one class, one class below a coarse one, several labels that are each 0 or 1, or numbers. */
export type MetricTarget = 'class' | 'hierarchy' | 'labels' | 'value'

interface MetricEntry {
  readonly targets: readonly MetricTarget[]
  /** Name of the series after `eval/`. */
  series(topK: number): string
}

const CLASSES = ['class', 'hierarchy'] as const
const DECISIONS = [...CLASSES, 'labels'] as const
const NUMBERS = ['value', 'labels'] as const

export const METRIC_ENTRIES: { readonly [M in MetricName]: MetricEntry } = {
  accuracy: { targets: DECISIONS, series: () => 'accuracy' },
  coarse_accuracy: { targets: ['hierarchy'], series: () => 'coarse_accuracy' },
  top_k: { targets: CLASSES, series: (k) => `top_${k}_accuracy` },
  precision: { targets: DECISIONS, series: () => 'precision_macro' },
  recall: { targets: DECISIONS, series: () => 'recall_macro' },
  f1: { targets: DECISIONS, series: () => 'f1_macro' },
  precision_micro: { targets: ['labels'], series: () => 'precision_micro' },
  recall_micro: { targets: ['labels'], series: () => 'recall_micro' },
  f1_micro: { targets: ['labels'], series: () => 'f1_micro' },
  hamming_loss: { targets: ['labels'], series: () => 'hamming_loss' },
  roc_auc: { targets: DECISIONS, series: () => 'roc_auc' },
  mse: { targets: NUMBERS, series: () => 'mse' },
  mae: { targets: NUMBERS, series: () => 'mae' },
  rmse: { targets: NUMBERS, series: () => 'rmse' },
  r2: { targets: NUMBERS, series: () => 'r2' },
}

export const METRIC_NAMES = Object.keys(METRIC_ENTRIES) as readonly MetricName[]

const DEFAULTS: { readonly [T in MetricTarget]: readonly MetricName[] } = {
  class: ['accuracy'],
  hierarchy: ['accuracy', 'coarse_accuracy'],
  labels: ['accuracy', 'f1', 'hamming_loss', 'mse', 'mae'],
  value: ['mse', 'mae'],
}

export const METRICS_DESCRIPTION = [
  'Metrics beside the loss, each a series eval/<name>. Classes and labels: accuracy (of labels: rows that are right in all of them, the subset',
  'accuracy); precision, recall and f1 as means over the classes (eval/f1_macro …; 0 where nothing was found or predicted, as scikit-learn counts);',
  'roc_auc, one class against the rest, mean over the classes (exact, up to 16 million scores). Classes: top_k (eval/top_5_accuracy); with coarse',
  'classes coarse_accuracy: rows whose predicted class is of the right coarse class. Labels: precision_micro, recall_micro, f1_micro over all labels',
  'together; hamming_loss, the share of labels that are wrong. Values: mse, mae, rmse, r2. Default: accuracy and coarse_accuracy; of labels accuracy,',
  'f1, hamming_loss, mse and mae; else mse and mae.',
].join(' ')

/** Losses and errors are better when they are lower, all other metrics when they are higher. */
export function isLowerBetter(metric: string): boolean {
  return /(^|\/)(loss|hamming_loss|mse|mae|rmse)$/.test(metric)
}

/** Value targets under binary cross-entropy are labels, unless they are the inputs: pixels have a size of error, not a right and wrong. */
export function metricTarget(target: TargetDescription, { type }: Pick<LossConfig, 'type'>): MetricTarget {
  if (target.kind === 'class') return target.coarseOf === undefined ? 'class' : 'hierarchy'
  return type === 'binary_cross_entropy' && target.isInput !== true ? 'labels' : 'value'
}

/** The metrics that there are for a target. */
export function metricsFor(target: MetricTarget): readonly MetricName[] {
  return METRIC_NAMES.filter((name) => METRIC_ENTRIES[name].targets.includes(target))
}

/**
 * All series of an evaluation that a configuration may refer to.
 * @param prefix of the series of a head
 */
export function evaluationSeries(target: MetricTarget, topK: number, prefix = ''): readonly string[] {
  return ['loss', ...metricsFor(target).map((name) => METRIC_ENTRIES[name].series(topK))].map((series) => `eval/${prefix}${series}`)
}

/**
 * The metrics to compute: those asked for, or the usual ones, and those that something else refers to.
 * @param referred series such as `eval/f1_macro`
 * @param prefix of the series of a head
 */
export function chosenMetrics(
  target: MetricTarget,
  asked: readonly MetricName[] | undefined,
  topK: number,
  referred: readonly string[],
  prefix = '',
): readonly MetricName[] {
  const wanted = asked ?? DEFAULTS[target]
  return metricsFor(target).filter(
    (name) => wanted.includes(name) || referred.includes(`eval/${prefix}${METRIC_ENTRIES[name].series(topK)}`),
  )
}
