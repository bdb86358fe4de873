// Every metric against scikit-learn (golden/metrics.py made the truth), in batches with padding; and small cases by hand.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { chosenMetrics, isLowerBetter, METRIC_NAMES, type MetricTarget, metricsFor, metricTarget } from '../spec/metric-config.ts'
import { EvaluationMeter } from './index.ts'

interface Golden {
  readonly name: string
  readonly target: MetricTarget
  readonly size: number
  readonly coarse_of?: readonly number[]
  readonly targets: readonly number[]
  readonly predictions: readonly number[]
  readonly metrics: Readonly<Record<string, number>>
  readonly confusion: readonly (readonly number[])[] | null
  readonly classes: readonly (readonly number[])[] | null
}

const GOLDEN: readonly Golden[] = JSON.parse(readFileSync(new URL('../../golden/metrics.golden.json', import.meta.url), 'utf8'))
const BATCH = 7

function measure(golden: Pick<Golden, 'target' | 'size' | 'coarse_of' | 'targets' | 'predictions'>, topK = 3) {
  const { target, size, coarse_of: coarseOf, targets, predictions } = golden
  const perTarget = target === 'class' || target === 'hierarchy' ? 1 : size
  const rows = targets.length / perTarget
  const perPrediction = predictions.length / rows
  const meter = new EvaluationMeter({ target, size, coarseOf, rows, metrics: metricsFor(target), topK })
  for (let from = 0; from < rows; from += BATCH) {
    const count = Math.min(BATCH, rows - from)
    const padded = (values: readonly number[], per: number) => {
      const batch = new Float64Array(BATCH * per).fill(0.75)
      batch.set(values.slice(from * per, (from + count) * per))
      return batch
    }
    meter.add(padded(predictions, perPrediction), padded(targets, perTarget), count)
  }
  return { results: meter.results(), report: meter.report() }
}

describe('metrics are those of scikit-learn', () => {
  it.each(GOLDEN)('$name', (golden) => {
    const { results, report } = measure(golden)
    for (const [name, value] of Object.entries(golden.metrics)) expect(results[name], name).toBeCloseTo(value, 10)
    expect(report?.confusion ?? null).toEqual(golden.confusion)
    const scores = report?.classes.map(({ support, precision, recall, f1 }) => [support, precision, recall, f1]) ?? null
    expect(scores).toEqual(golden.classes?.map((row) => row.map((value) => expect.closeTo(value, 10))) ?? null)
  })

  it('for all metrics that there are', () => {
    const series = new Set(GOLDEN.flatMap(({ metrics }) => Object.keys(metrics)))
    expect(series.size).toBe(METRIC_NAMES.length)
  })
})

describe('by hand', () => {
  it('an area of ¾: one of four pairs is in the wrong order', () => {
    const { results } = measure({ target: 'class', size: 2, targets: [0, 0, 1, 1], predictions: [0.1, 0.4, 0.35, 0.8] })
    expect(results.roc_auc).toBe(0.75)
  })

  it('no area where all rows are of one class', () => {
    expect(measure({ target: 'class', size: 2, targets: [1, 1], predictions: [0.1, 0.4] }).results).not.toHaveProperty('roc_auc')
  })

  it('targets that are all equal explain nothing', () => {
    expect(measure({ target: 'value', size: 1, targets: [2, 2], predictions: [2, 3] }).results.r2).toBe(0)
    expect(measure({ target: 'value', size: 1, targets: [2, 2], predictions: [2, 2] }).results.r2).toBe(1)
  })

  it('of equal scores the first class is the prediction', () => {
    const { report } = measure({ target: 'class', size: 3, targets: [1], predictions: [0.2, 0.4, 0.4] }, 1)
    expect(report?.confusion?.[1]).toEqual([0, 1, 0])
  })

  it('of equal scores the first class stands before the others in the top k', () => {
    const found = (actual: number, k: number) =>
      measure({ target: 'class', size: 3, targets: [actual], predictions: [0.4, 0.4, 0.2] }, k).results[`top_${k}_accuracy`]
    expect([found(0, 1), found(1, 1), found(1, 2), found(2, 2)]).toEqual([1, 0, 1, 0])
  })

  it('keeps no confusion matrix of more than 100 classes', () => {
    const meter = new EvaluationMeter({ target: 'class', size: 101, rows: 1, metrics: [] })
    expect(meter.report()?.confusion).toBeNull()
    expect(meter.report()?.classes).toHaveLength(101)
  })
})

describe('the metrics of an evaluation', () => {
  it('are the usual ones, those asked for, and those that something refers to', () => {
    expect(chosenMetrics('class', undefined, 5, [])).toEqual(['accuracy'])
    expect(chosenMetrics('class', ['f1'], 5, ['eval/loss', 'eval/roc_auc'])).toEqual(['f1', 'roc_auc'])
    expect(chosenMetrics('class', [], 3, ['eval/top_3_accuracy'])).toEqual(['top_k'])
    expect(chosenMetrics('value', undefined, 5, ['eval/accuracy'])).toEqual(['mse', 'mae'])
    expect(chosenMetrics('hierarchy', undefined, 5, [])).toEqual(['accuracy', 'coarse_accuracy'])
    expect(chosenMetrics('labels', ['f1_micro'], 5, ['eval/hamming_loss'])).toEqual(['f1_micro', 'hamming_loss'])
  })

  it('of reconstructed pixels are errors, whatever the loss', () => {
    const loss = { type: 'binary_cross_entropy' } as const
    expect(metricTarget({ kind: 'value', size: 3 }, loss)).toBe('labels')
    expect(metricTarget({ kind: 'value', size: 3, isInput: true }, loss)).toBe('value')
    expect(metricsFor('value')).not.toContain('accuracy')
  })

  it('of which less is better: losses and errors', () => {
    expect(['eval/loss', 'eval/hamming_loss', 'eval/mae'].every(isLowerBetter)).toBe(true)
    expect(['eval/coarse_accuracy', 'eval/f1_micro'].some(isLowerBetter)).toBe(false)
  })
})
