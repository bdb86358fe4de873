// The metrics of an evaluation by name: which there are for which targets, what their series are called, and which way is better.

import { z } from 'zod'
import type { LossConfig, TargetDescription } from './loss-config.ts'

export const metricNameSchema = z.enum(['accuracy', 'top_k', 'precision', 'recall', 'f1', 'roc_auc', 'mse', 'mae', 'rmse', 'r2'])
export type MetricName = z.output<typeof metricNameSchema>

/** What predictions are compared with: one class, several labels that are each 0 or 1, or numbers. */
export type MetricTarget = 'class' | 'labels' | 'value'

interface MetricEntry {
  readonly targets: readonly MetricTarget[]
  /** Name of the series after `eval/`. */
  series(topK: number): string
}

const DECISIONS = ['class', 'labels'] as const
const NUMBERS = ['value', 'labels'] as const

export const METRIC_ENTRIES: { readonly [M in MetricName]: MetricEntry } = {
  accuracy: { targets: DECISIONS, series: () => 'accuracy' },
  top_k: { targets: ['class'], series: (k) => `top_${k}_accuracy` },
  precision: { targets: DECISIONS, series: () => 'precision_macro' },
  recall: { targets: DECISIONS, series: () => 'recall_macro' },
  f1: { targets: DECISIONS, series: () => 'f1_macro' },
  roc_auc: { targets: DECISIONS, series: () => 'roc_auc' },
  mse: { targets: NUMBERS, series: () => 'mse' },
  mae: { targets: NUMBERS, series: () => 'mae' },
  rmse: { targets: NUMBERS, series: () => 'rmse' },
  r2: { targets: NUMBERS, series: () => 'r2' },
}

export const METRIC_NAMES = Object.keys(METRIC_ENTRIES) as readonly MetricName[]

const DEFAULTS: { readonly [T in MetricTarget]: readonly MetricName[] } = {
  class: ['accuracy'],
  labels: ['accuracy', 'mse', 'mae'],
  value: ['mse', 'mae'],
}

export const METRICS_DESCRIPTION = [
  'Metrics beside the loss, each a series eval/<name>. Classes and labels: accuracy; precision, recall and f1 as means over the classes',
  '(eval/f1_macro …; 0 where nothing was found or predicted, as scikit-learn counts); roc_auc, one class against the rest, mean over the classes',
  '(exact, up to 16 million scores). Classes: top_k (eval/top_5_accuracy). Values: mse, mae, rmse, r2. Default: accuracy, or mse and mae.',
].join(' ')

/** Losses and errors are better when they are lower, all other metrics when they are higher. */
export function isLowerBetter(metric: string): boolean {
  return /(^|\/)(loss|mse|mae|rmse)$/.test(metric)
}

/** Value targets under binary cross-entropy are labels. */
export function metricTarget({ kind }: Pick<TargetDescription, 'kind'>, { type }: Pick<LossConfig, 'type'>): MetricTarget {
  if (kind === 'class') return 'class'
  return type === 'binary_cross_entropy' ? 'labels' : 'value'
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
