// Many runs of every kind, and whether memory, descriptors, keys, rows and files stay flat.
// usage: npm run soak -- [--runs 700] [--queue redis|postgres] [--plant heap,descriptors] [--json FILE]

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { PLANTS, soak } from './soak.ts'
import { GAUGE_NAMES } from './verdict.ts'

const KINDS = 7
/** Fewer samples than that tell nothing. */
const CYCLES_MIN = 4

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '700' },
    queue: { type: 'string', default: 'redis' },
    plant: { type: 'string' },
    json: { type: 'string' },
  },
})
if (values.queue !== 'redis' && values.queue !== 'postgres') throw new Error(`--queue: "${values.queue}" is neither redis nor postgres`)
const plants = (values.plant?.split(',') ?? []).map((name) => {
  const plant = PLANTS.find((known) => known === name)
  if (plant === undefined) throw new Error(`--plant: "${name}" is unknown. Use some of ${PLANTS.join(', ')}.`)
  return plant
})
const cycles = Math.max(CYCLES_MIN, Math.ceil(Number(values.runs) / KINDS))
const report = await soak({ queue: values.queue, cycles, plants, log: (line) => console.error(line) })

const number = (value: number) => (Number.isInteger(value) ? String(value) : value.toFixed(2))
console.log(`${report.runs} runs in ${report.seconds.toFixed(0)} s, the queue in ${report.queue}: ${report.isFlat ? 'flat' : 'NOT FLAT'}\n`)
console.log('| | first | last | per run | at most | |\n|---|---:|---:|---:|---:|---|')
for (const name of GAUGE_NAMES) {
  const { first, last, perRun, perRunMax, isFlat } = report.gauges[name]
  console.log(`| ${name} | ${number(first)} | ${number(last)} | ${number(perRun)} | ${number(perRunMax)} | ${isFlat ? 'flat' : 'GROWS'} |`)
}
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
process.exit(report.isFlat ? 0 : 1)
