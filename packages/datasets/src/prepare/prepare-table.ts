// A table of numeric features with one target column: surveyed in a first pass, written in a second, so that memory stays flat.

import type { RowSource } from '../formats/row-source.ts'
import { countClasses } from './classes.ts'
import type { PrepareContext } from './context.ts'
import { describePrepared, type PreparedDataset, type PreparedSplit } from './manifest.ts'
import { ShardWriter } from './shard-writer.ts'
import { testRows } from './split.ts'
import { FeatureStatistics } from './statistics.ts'
import { cellsOf, surveyTable } from './survey-table.ts'

/** @param name of the upload, for texts */
export async function prepareTable(source: RowSource, name: string, context: PrepareContext): Promise<PreparedDataset> {
  const { targetColumn, rows, target } = await surveyTable(source, name, context)
  const { test_fraction, seed } = context.options
  const classes = target.kind === 'class' ? target.classes : null
  const targets = target.kind === 'class' ? target.indices : target.values
  const isTest = testRows(target.kind === 'class' ? target.indices : null, rows, classes?.length ?? 0, test_fraction, seed)
  const columns = source.columns.map((column) => column.name).filter((_, i) => i !== targetColumn)
  const testCount = isTest.reduce((sum, mark) => sum + mark, 0)

  const writer = (split: 'train' | 'test', splitRows: number) =>
    new ShardWriter({
      split,
      rows: splitRows,
      sampleShape: [columns.length],
      sampleType: 'F32',
      valueSize: target.kind === 'class' ? null : 1,
      outDir: context.outDir,
      keyPrefix: context.keyPrefix,
      shardBytesMax: context.limits.shardBytesMax,
    })
  const train = writer('train', rows - testCount)
  const test = testCount === 0 ? null : writer('test', testCount)
  const statistics = new FeatureStatistics(columns.length)
  const sample = new Float32Array(columns.length)
  let row = 0
  for await (const batch of source.read({ onProblem: () => {}, signal: context.signal })) {
    const features = cellsOf(batch).flatMap(({ numbers }, i) => (i === targetColumn ? [] : [numbers]))
    for (let r = 0; r < batch.rows; r++, row++) {
      for (let i = 0; i < features.length; i++) sample[i] = (features[i] as Float64Array)[r] as number
      if (test !== null && isTest[row] === 1) test.append(sample, targets[row] as number)
      else {
        statistics.add(sample)
        train.append(sample, targets[row] as number)
      }
    }
    context.onProgress({ rows: rows + row, totalRows: 2 * rows })
  }

  const countsOf = (mark: 0 | 1) =>
    classes === null
      ? null
      : countClasses(
          (targets as Int32Array).filter((_, i) => isTest[i] === mark),
          classes.length,
        )
  const splits = new Map<string, PreparedSplit>([['train', { written: train.finish(), classCounts: countsOf(0) }]])
  if (test !== null) splits.set('test', { written: test.finish(), classCounts: countsOf(1) })
  return describePrepared(
    { kind: 'features', shape: [columns.length], dtype: 'float32', columns },
    classes === null
      ? { kind: 'value', size: 1, columns: [source.columns[targetColumn]?.name ?? ''] }
      : { kind: 'class', classes: [...classes] },
    splits,
    statistics.result(),
  )
}
