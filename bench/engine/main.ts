// Our training step against PyTorch's, alternately in one run, since machines change their speed from minute to minute.
// usage: npm run bench:engine -- [--model lenet5] [--seconds 1] [--rounds 5] [--threads 2] [--json FILE] [--profile]
// The peer runs with the Python that TORCH_PYTHON names.

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { trainerEnvironment } from '../../apps/worker/src/supervisor/trainer-environment.ts'
import { MODEL_NAMES, type ModelName } from './models.ts'
import type { ProfiledStep } from './profile.ts'
import { median } from './statistics.ts'

const OURS = new URL('ours.ts', import.meta.url).pathname
const PEER = new URL('../peers/torch_step.py', import.meta.url).pathname

interface Ours {
  readonly ours_ms: number
  readonly ours_mb: number
  readonly peak_share: number
  readonly peak_gflops: number
  readonly heap_bytes_per_step: number
  readonly backend: string
}

interface Peer {
  readonly torch_ms: number
  readonly torch_mb: number
  readonly version: string
}

const { values } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [...MODEL_NAMES] },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    json: { type: 'string' },
    profile: { type: 'boolean', default: false },
  },
})
const models = values.model.map(knownModel)
const { TORCH_PYTHON: python } = process.env
if (values.profile) models.forEach(printProfile)
else compare()

function compare(): void {
  if (python === undefined) console.log('The peer is missing: set TORCH_PYTHON to a Python that has torch to compare with it.')
  console.log('model        ours ms   torch ms   torch/ours   of peak   ours MB   torch MB   heap B/step   backend')
  const rows = models.map(measure)
  const ratios = rows.flatMap(({ ratio }) => (ratio === null ? [] : [ratio]))
  const geomean = ratios.length === 0 ? null : Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)
  if (geomean !== null) console.log(`geometric mean of torch/ours: ${geomean.toFixed(2)}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ geomean, models: rows }, null, 2)}\n`)
}

function measure(model: ModelName) {
  const ours: Ours[] = []
  const peers: Peer[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    ours.push(run<Ours>(process.execPath, ['--expose-gc', '--import', 'tsx', OURS, model, values.seconds, values.threads]))
    if (python !== undefined) peers.push(run<Peer>(python, [PEER, model, values.seconds, values.threads]))
  }
  const oursMs = median(ours.map(({ ours_ms }) => ours_ms))
  const torchMs = peers.length === 0 ? null : median(peers.map(({ torch_ms }) => torch_ms))
  const row = {
    model,
    ours_ms: oursMs,
    torch_ms: torchMs,
    /** How many times as fast as PyTorch. */
    ratio: torchMs === null ? null : torchMs / oursMs,
    peak_share: median(ours.map(({ peak_share }) => peak_share)),
    ours_mb: Math.max(...ours.map(({ ours_mb }) => ours_mb)),
    torch_mb: peers.length === 0 ? null : Math.max(...peers.map(({ torch_mb }) => torch_mb)),
  }
  const heap = median(ours.map(({ heap_bytes_per_step }) => heap_bytes_per_step))
  console.log(
    [
      row.model.padEnd(10),
      row.ours_ms.toFixed(3).padStart(9),
      (row.torch_ms?.toFixed(3) ?? '-').padStart(10),
      (row.ratio?.toFixed(2) ?? '-').padStart(12),
      `${(100 * row.peak_share).toFixed(1)} %`.padStart(9),
      row.ours_mb.toFixed(0).padStart(9),
      (row.torch_mb?.toFixed(0) ?? '-').padStart(10),
      heap.toFixed(0).padStart(13),
      `  ${ours[0]?.backend ?? ''}${peers[0] === undefined ? '' : ` against torch ${peers[0].version}`}`,
    ].join(' '),
  )
  return row
}

function printProfile(model: ModelName): void {
  const { profile } = run<{ profile: readonly ProfiledStep[] }>(process.execPath, [
    '--import',
    'tsx',
    OURS,
    model,
    '0.2',
    values.threads,
    'profile',
  ])
  console.log(`${model}: ${profile.reduce((sum, { ms }) => sum + ms, 0).toFixed(3)} ms in ${profile.length} steps`)
  for (const { origin, label, implementation, ms } of profile) {
    console.log(`${ms.toFixed(3).padStart(9)} ms  ${label.padEnd(34)} ${implementation.padEnd(22)} ${origin}`)
  }
}

function run<T>(command: string, args: readonly string[]): T {
  // Ours runs as a worker would start it, the peer with its own defaults.
  const inherited = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }
  const env =
    command === python ? { ...process.env, OMP_NUM_THREADS: values.threads } : trainerEnvironment(inherited, Number(values.threads))
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as T
}

function knownModel(name: string): ModelName {
  const known = MODEL_NAMES.find((model) => model === name)
  if (known === undefined) throw new Error(`--model ${name} is unknown. Use one of ${MODEL_NAMES.join(', ')}.`)
  return known
}
