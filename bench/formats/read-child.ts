// Reads one file as rows and does nothing with them, in a process of its own: what the reader alone costs.
// usage: node packages/launch/src/run.mjs bench/formats/read-child.ts FILE

import { fileSource, PREPARE_LIMITS } from '@trainyard/datasets'
import { openRows } from '../../packages/datasets/src/formats/open-rows.ts'

const [path = ''] = process.argv.slice(2)
const begun = performance.now()
const source = await openRows([fileSource('file', 'data', path)], {}, PREPARE_LIMITS)
let rows = 0
let sum = 0
for await (const batch of source.read({ onProblem: () => {} })) {
  rows += batch.rows
  for (const column of batch.columns) sum += (column.kind === 'cells' ? column.numbers : column.data)[0] ?? 0
}
const seconds = (performance.now() - begun) / 1000
console.log(JSON.stringify({ seconds, cpu: process.cpuUsage().user / 1e6, peakMb: process.resourceUsage().maxRSS / 1024, rows, sum }))
