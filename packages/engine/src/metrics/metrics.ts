// The metrics of an evaluation as one table: name | what it needs to be gathered | value.

import type { MetricName } from '../spec/metric-config.ts'
import type { ClassCounts } from './class-counts.ts'
import type { RocAuc } from './roc-auc.ts'
import type { ValueErrors } from './value-errors.ts'

/** What one pass over the data gathers; null where no metric asks for it. */
export interface Gathered {
  readonly rows: number
  /** Rows that are right in all labels. */
  readonly correct: number
  /** Rows whose predicted class is of the right coarse class. */
  readonly coarse: number
  /** Rows whose class is among the k most likely. */
  readonly topK: number
  readonly classes: ClassCounts | null
  readonly rocAuc: RocAuc | null
  readonly values: ValueErrors | null
}

export interface MetricRule {
  readonly needs: 'rows' | 'topK' | 'classes' | 'rocAuc' | 'values'
  value(gathered: Gathered): number
}

export const METRICS: { readonly [M in MetricName]: MetricRule } = {
  accuracy: { needs: 'rows', value: ({ correct, rows }) => correct / rows },
  coarse_accuracy: { needs: 'rows', value: ({ coarse, rows }) => coarse / rows },
  top_k: { needs: 'topK', value: ({ topK, rows }) => topK / rows },
  precision: { needs: 'classes', value: ({ classes }) => classes?.macro('precision') ?? Number.NaN },
  recall: { needs: 'classes', value: ({ classes }) => classes?.macro('recall') ?? Number.NaN },
  f1: { needs: 'classes', value: ({ classes }) => classes?.macro('f1') ?? Number.NaN },
  precision_micro: { needs: 'classes', value: ({ classes }) => classes?.micro().precision ?? Number.NaN },
  recall_micro: { needs: 'classes', value: ({ classes }) => classes?.micro().recall ?? Number.NaN },
  f1_micro: { needs: 'classes', value: ({ classes }) => classes?.micro().f1 ?? Number.NaN },
  hamming_loss: { needs: 'classes', value: ({ classes, rows }) => (classes?.wrongLabels ?? Number.NaN) / (rows * (classes?.classes ?? 0)) },
  roc_auc: { needs: 'rocAuc', value: ({ rocAuc }) => rocAuc?.value() ?? Number.NaN },
  mse: { needs: 'values', value: ({ values }) => values?.mse ?? Number.NaN },
  mae: { needs: 'values', value: ({ values }) => values?.mae ?? Number.NaN },
  rmse: { needs: 'values', value: ({ values }) => Math.sqrt(values?.mse ?? Number.NaN) },
  r2: { needs: 'values', value: ({ values }) => values?.r2 ?? Number.NaN },
}
