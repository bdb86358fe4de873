// What comparing two large versions costs: time, peak memory, and the longest that others waited for their turn. `npm run bench:diff -- [rows]`

import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { compareColumns, compareRows, fileSource, type PreparedDataset, prepareDataset, readSummary } from '@trainyard/datasets'

const [rows = 2_000_000] = process.argv.slice(2).map(Number)
const APPENDED = Math.ceil(rows / 100)
const MB = 1 << 20
const folder = mkdtempSync(join(tmpdir(), 'trainyard-bench-diff-'))

/** Four numbers and a class; whoever knows the row's number knows the row. */
function* table(count: number): Generator<string> {
  yield 'a,b,c,d,y\n'
  for (let from = 0; from < count; from += 10_000) {
    let text = ''
    for (let i = from; i < Math.min(count, from + 10_000); i++) {
      text += `${i},${(Math.imul(i, 48_271) >>> 0) / 1000},${i % 977},${((i * 37) % 100_003) / 7},c${i % 5}\n`
    }
    yield text
  }
}

async function prepare(name: string, count: number): Promise<PreparedDataset> {
  const path = join(folder, `${name}.csv`)
  await writeFile(path, table(count))
  const options = { split: { by: 'hash' as const, test: 0.2 } }
  const begun = performance.now()
  const prepared = await prepareDataset({ sources: [fileSource('file', `${name}.csv`, path)], options, outDir: join(folder, name) })
  console.log(`prepared ${count} rows in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  return prepared
}

const described = ({ manifest, files }: PreparedDataset) => {
  const paths = new Map(files.map(({ key, path }) => [key, path]))
  const read = (key = '') => readFileSync(paths.get(key) ?? '')
  if (manifest.index === undefined) throw new Error('there is no index')
  return {
    rows: { index: manifest.index, open: async (key: string) => createReadStream(paths.get(key) ?? '') },
    columns: {
      manifest,
      analysis: JSON.parse(read(manifest.analysis?.key).toString()),
      distributions: readSummary(read(manifest.index.summary.key)).distributions,
    },
    indexBytes: [manifest.index.summary, ...manifest.index.rows].reduce((sum, { bytes }) => sum + bytes, 0),
  }
}

try {
  const base = described(await prepare('base', rows))
  const version = described(await prepare('version', rows + APPENDED))
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 5)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const begun = performance.now()
  const counts = await compareRows(base.rows, version.rows)
  const rowsMs = performance.now() - begun
  await compareColumns(base.columns, version.columns)
  const allMs = performance.now() - begun
  delay.disable()
  clearInterval(watch)
  if (counts?.added !== APPENDED || counts.removed !== 0) throw new Error(`expected ${APPENDED} added rows: ${JSON.stringify(counts)}`)
  console.log(`index: ${(version.indexBytes / MB).toFixed(1)} MB for ${rows + APPENDED} rows`)
  console.log(`rows compared in ${(rowsMs / 1000).toFixed(2)} s, all in ${(allMs / 1000).toFixed(2)} s`)
  console.log(
    `peak ${((peak - before) / MB).toFixed(0)} MB above ${(before / MB).toFixed(0)} MB; longest wait of others ${(delay.max / 1e6).toFixed(1)} ms`,
  )
} finally {
  rmSync(folder, { recursive: true, force: true })
}
