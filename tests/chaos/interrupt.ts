// A long run that is interrupted again and again, and the same run beside it that nobody disturbs: both have to end with the same bits. Its
// length is that of the undisturbed one; what interruptions cost comes on top.
// usage: npm run chaos:interrupt -- [--minutes 10] [--interruptions 50] [--seed 1] [--json FILE] [--verbose]

import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fromWireId, type Job } from '@trainyard/contracts'
import pg from 'pg'
import { trainersOf } from '../../apps/worker/src/testing/process-state.ts'
import { type Outcome, outcomeOf } from './oracle.ts'
import { Choices } from './random.ts'
import { RecoveryWatch } from './recovery.ts'
import { recoveryOf } from './report.ts'
import { type Stack, startStack } from './stack.ts'
import { prepareWorkloads } from './workloads.ts'

const ROWS_PER_STEP = 20
const STEPS_PER_EPOCH = 10
/** Both sides train at once while the speed is measured, as they do afterwards: from when they are warm, for so long. */
const WARM_UP_MS = 10_000
const CALIBRATION_MS = 15_000
const EPOCHS_MAX = 1_000_000
const CHECKPOINT_SECONDS = 3

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    interruptions: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})
const log = values.verbose ? (line: string) => console.error(line) : () => {}
const seed = Number(values.seed)

interface Side {
  readonly stack: Stack
  readonly pool: pg.Pool
  readonly dataset: string
}

async function open(): Promise<Side> {
  const stack = await startStack(log)
  const pool = new pg.Pool({ connectionString: stack.direct.databaseUrl, max: 3 })
  pool.on('error', () => {})
  const { dataset } = await prepareWorkloads(stack, new Choices(seed))
  return { stack, pool, dataset }
}

async function call<T>({ stack }: Side, path: string, body?: object): Promise<T> {
  const headers = { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json' }
  const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await fetch(stack.direct.url + path, init)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

function submit(side: Side, epochs: number): Promise<Job> {
  const hidden = [{ type: 'dense', units: 48 }, { type: 'tanh' }, { type: 'dense', units: 48 }, { type: 'relu' }]
  return call<Job>(side, '/v1/jobs', {
    kind: 'train',
    dataset: side.dataset,
    model: { version: 1, input: { shape: [2] }, layers: [...hidden, { type: 'dense', units: 2 }] },
    training: {
      epochs,
      batch_size: ROWS_PER_STEP,
      seed: 7,
      log_every_steps: 1000,
      checkpoint: { every_seconds: CHECKPOINT_SECONDS },
      optimizer: { type: 'adam', learning_rate: 0.001 },
    },
  })
}

async function finish(side: Side, { id }: Job): Promise<{ job: Job; outcome: Outcome; seconds: number }> {
  for (;;) {
    const job = await call<Job>(side, `/v1/jobs/${id}`).catch(() => null)
    if (job?.terminal) {
      if (job.state !== 'succeeded') throw new Error(`${job.state}: ${job.failure?.message}`)
      const seconds = (Date.parse(job.finished_at ?? '') - Date.parse(job.started_at ?? '')) / 1000
      return { job, outcome: await outcomeOf(side.pool, fromWireId('job', id) ?? ''), seconds }
    }
    await sleep(500)
  }
}

/** Steps per second of a run that is not disturbed. */
async function measureSpeed(side: Side): Promise<number> {
  const { id } = await submit(side, EPOCHS_MAX)
  const step = async () => {
    const { rows } = await side.pool.query<{ last_step: string }>('SELECT last_step FROM runs WHERE job_id = $1', [fromWireId('job', id)])
    return { step: Number(rows[0]?.last_step), at: performance.now() }
  }
  while ((await step()).step === 0) await sleep(100)
  await sleep(WARM_UP_MS)
  const from = await step()
  await sleep(CALIBRATION_MS)
  const to = await step()
  await call<Job>(side, `/v1/jobs/${id}/cancel`, {})
  while (!(await call<Job>(side, `/v1/jobs/${id}`)).terminal) await sleep(100)
  return ((to.step - from.step) / (to.at - from.at)) * 1000
}

/** The process of the worker that has the run: its name ends with it. */
async function workerOf({ pool }: Side): Promise<number | null> {
  const { rows } = await pool.query<{ lease_owner: string }>("SELECT lease_owner FROM runs WHERE state = 'running'")
  const pid = Number(rows[0]?.lease_owner.split('-').at(-1))
  return Number.isInteger(pid) ? pid : null
}

const INTERRUPTIONS = [
  { name: 'kill_trainer', send: (worker: number) => process.kill(Math.min(...trainersOf(worker)), 'SIGKILL') },
  { name: 'kill_worker', send: (worker: number) => process.kill(worker, 'SIGKILL') },
  { name: 'term_worker', send: (worker: number) => process.kill(worker, 'SIGTERM') },
] as const

/** @returns milliseconds until the run went on, with what interrupted it */
async function interrupt(side: Side, choices: Choices, pauseMs: number, isOver: () => boolean) {
  const watch = new RecoveryWatch(side.stack, side.pool)
  const felt: { kind: string; ms: number }[] = []
  while (felt.length < Number(values.interruptions) && !isOver()) {
    await sleep(choices.between(0.5 * pauseMs, 1.5 * pauseMs))
    const { name, send } = choices.oneOf(INTERRUPTIONS)
    let isSent = false
    const ms = await watch.measure(async () => {
      const worker = await workerOf(side)
      if (worker === null) return
      try {
        send(worker)
        isSent = true
      } catch {
        // It ended by itself at this moment.
      }
    })
    if (!isSent || ms === null) continue
    felt.push({ kind: name, ms })
    log(`interruption ${felt.length}: ${name}, felt for ${Math.round(ms)} ms`)
  }
  return felt
}

const [calm, disturbed] = await Promise.all([open(), open()])
try {
  const [speed] = await Promise.all([measureSpeed(calm), measureSpeed(disturbed)])
  const epochs = Math.min(Math.ceil((speed / STEPS_PER_EPOCH) * Number(values.minutes) * 60), EPOCHS_MAX)
  log(`${Math.round(speed)} steps/s; ${epochs} epochs follow`)
  let isOver = false
  const ended = submit(disturbed, epochs)
    .then((job) => finish(disturbed, job))
    .finally(() => {
      isOver = true
    })
  const pauseMs = (Number(values.minutes) * 60_000) / (Number(values.interruptions) + 1) / 2
  const [undisturbed, felt, interrupted] = await Promise.all([
    submit(calm, epochs).then((job) => finish(calm, job)),
    interrupt(disturbed, new Choices(seed), pauseMs, () => isOver),
    ended,
  ])
  const { rows } = await disturbed.pool.query<{ outcome: string; count: number }>(
    'SELECT outcome::text, count(*)::int AS count FROM attempts a JOIN runs r ON r.id = a.run_id WHERE r.job_id = $1 GROUP BY outcome',
    [fromWireId('job', interrupted.job.id)],
  )
  const points = [...undisturbed.outcome.points].filter(([key, bits]) => interrupted.outcome.points.get(key) !== bits).length
  const report = {
    seed,
    steps: epochs * STEPS_PER_EPOCH,
    interruptions: felt.length,
    by_kind: Object.fromEntries(INTERRUPTIONS.map(({ name }) => [name, felt.filter(({ kind }) => kind === name).length])),
    attempts: Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count])),
    recovery_ms: recoveryOf(felt),
    seconds: { undisturbed: undisturbed.seconds, interrupted: interrupted.seconds },
    final_sha256: { undisturbed: undisturbed.outcome.finalSha256, interrupted: interrupted.outcome.finalSha256 },
    metric_rows: undisturbed.outcome.points.size,
    differing_metric_rows: points + Math.abs(interrupted.outcome.points.size - undisturbed.outcome.points.size),
  }
  console.log(JSON.stringify(report, null, 2))
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
  const isEqual = report.final_sha256.undisturbed === report.final_sha256.interrupted && report.differing_metric_rows === 0
  process.exitCode = isEqual && felt.length >= Number(values.interruptions) ? 0 : 1
} finally {
  for (const { pool, stack } of [calm, disturbed]) {
    await pool.end().catch(() => {})
    await stack.stop()
  }
}
process.exit()
