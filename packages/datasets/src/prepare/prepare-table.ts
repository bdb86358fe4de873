// A table of numeric features with one target column: surveyed in a first pass, written in a second, so that memory stays flat.

import { csvRecords, parseNumber } from '../formats/csv.ts'
import type { DataSource } from '../formats/source.ts'
import { countClasses } from './classes.ts'
import type { PrepareContext } from './context.ts'
import { describePrepared, type PreparedDataset, type PreparedSplit } from './manifest.ts'
import { ShardWriter } from './shard-writer.ts'
import { testRows } from './split.ts'
import { FeatureStatistics } from './statistics.ts'
import { openText, surveyTable } from './survey-table.ts'

/** Rows between two reports of progress. */
const ROWS_PER_REPORT = 10_000

export async function prepareTable(source: DataSource, context: PrepareContext): Promise<PreparedDataset> {
  const survey = await surveyTable(source, context)
  const { layout, targetColumn, rows, target } = survey
  const { test_fraction, seed } = context.options
  const classes = target.kind === 'class' ? target.classes : null
  const targets = target.kind === 'class' ? target.indices : target.values
  const isTest = testRows(target.kind === 'class' ? target.indices : null, rows, classes?.length ?? 0, test_fraction, seed)
  const columns = layout.columns.filter((_, i) => i !== targetColumn)
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
  for await (const { cells } of csvRecords(await openText(source, context), source.name, layout, context.limits)) {
    for (let i = 0, at = 0; i < cells.length; i++) {
      if (i !== targetColumn) sample[at++] = parseNumber(cells[i] as string)
    }
    if (test !== null && isTest[row] === 1) test.append(sample, targets[row] as number)
    else {
      statistics.add(sample)
      train.append(sample, targets[row] as number)
    }
    row++
    if (row % ROWS_PER_REPORT === 0) {
      context.signal?.throwIfAborted()
      context.onProgress({ rows: rows + row, totalRows: 2 * rows })
    }
  }
  context.onProgress({ rows: rows + row, totalRows: 2 * rows })

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
    classes === null ? { kind: 'value', size: 1, columns: [layout.columns[targetColumn] ?? ''] } : { kind: 'class', classes: [...classes] },
    splits,
    statistics.result(),
  )
}
