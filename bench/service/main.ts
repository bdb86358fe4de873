// What a run costs through the service beside the bare loop: the same model, data, seed, backend, threads and number of steps, alternating in one go.
// usage: npm run bench:service -- [--seconds 60] [--rounds 3] [--threads 2] [--json FILE]

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Job, newUuid, type Run } from '@trainyard/contracts'
import { trainingConfigSchema } from '@trainyard/engine/spec'
import { decodeCheckpoint } from '@trainyard/engine/train'
import { trainerEnvironment } from '../../apps/worker/src/supervisor/trainer-environment.ts'
import { TrainerInProcess } from '../../apps/worker/src/testing/trainer-in-process.ts'
import { type Service, startService } from '../../tests/e2e/service.ts'
import { uploadData } from '../../tests/e2e/upload-data.ts'
import { digitFilesOf } from '../../tests/lectures/data.ts'
import { median } from '../engine/statistics.ts'
import { type BareJob, type BareResult, bareResultSchema } from './job.ts'
import { digestOfWeights } from './weights.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    json: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const threads = Number(values.threads)
const CALIBRATION_STEPS = 500
const MODEL = { version: 1 as const, preset: { name: 'lenet5' } }
/** With what a user gets who says nothing: a checkpoint every 20 s, about a thousand points of the curve, an evaluation after each epoch. */
const training = (steps: number) => ({
  epochs: 1_000_000,
  max_steps: steps,
  batch_size: 64,
  seed: 1,
  threads,
  optimizer: { type: 'sgd' as const, learning_rate: 0.01, momentum: 0.9 },
})

const files = digitFilesOf({ train: 20_000, test: 2_000 })
const trainer = await TrainerInProcess.open()
const service = await startService({ redis: false })
try {
  const dataset = await trainer.prepare(files, {})
  const bare = (steps: number): BareResult => {
    const config = {
      kind: 'train' as const,
      spec: MODEL,
      training: trainingConfigSchema.parse(training(steps)),
      dataset_version_id: newUuid(),
      transfer: null,
    }
    const job: BareJob = { config, dataset, threads }
    const path = join(trainer.directory, 'job.json')
    writeFileSync(path, JSON.stringify(job))
    const inherited = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }
    const entry = new URL('./bare.ts', import.meta.url).pathname
    const output = execFileSync(process.execPath, ['--import', 'tsx', entry, path], {
      env: trainerEnvironment(inherited, threads),
      encoding: 'utf8',
    })
    return bareResultSchema.parse(JSON.parse(output))
  }
  const { dataset_id: id } = await uploadData(service, 'digits', files, {})
  const calibration = bare(CALIBRATION_STEPS)
  const steps = Math.max(CALIBRATION_STEPS, Math.round((CALIBRATION_STEPS * seconds) / calibration.seconds))
  console.log(`${steps} steps of LeNet-5, batch 64, ${threads} threads, rounds of the bare loop and of a run through the service\n`)
  console.log('| round | bare loop, s | run, s | ratio | submitted to finished, s | same weights |\n|---|---|---|---|---|---|')
  const rounds = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    // Who comes first changes: a machine that grows warm or busy is not on one side.
    const isBareFirst = round % 2 === 1
    const first = isBareFirst ? bare(steps) : null
    const run = await throughService(service, id, steps)
    const alone = first ?? bare(steps)
    const measured = {
      bare_s: alone.seconds,
      run_s: run.seconds,
      ratio: run.seconds / alone.seconds,
      wall_s: run.wall,
      same_weights: alone.weights === run.weights,
    }
    rounds.push(measured)
    const cells = [
      round,
      alone.seconds.toFixed(2),
      run.seconds.toFixed(2),
      measured.ratio.toFixed(4),
      run.wall.toFixed(2),
      measured.same_weights ? 'yes' : 'NO',
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
  const ratio = median(rounds.map((each) => each.ratio))
  const around = median(rounds.map(({ wall_s, run_s }) => wall_s - run_s))
  console.log(
    `\nthrough the service: ${(100 * (ratio - 1)).toFixed(1)} % more time (median), and ${around.toFixed(2)} s before and after it`,
  )
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ steps, threads, ratio, rounds }, null, 2)}\n`)
  if (!rounds.every(({ same_weights }) => same_weights)) process.exitCode = 1
} finally {
  await service.stop()
  await trainer.close()
}
process.exit()

interface ThroughService {
  /** In the trainer: from before the first step to after the last checkpoint. */
  readonly seconds: number
  /** From the submission to the answer that it is finished. */
  readonly wall: number
  readonly weights: string
}

async function throughService({ request, waitForJob, download }: Service, dataset: string, steps: number): Promise<ThroughService> {
  const submitted = performance.now()
  const { id } = await request<Job>('POST', '/v1/jobs', { kind: 'train', dataset, model: MODEL, training: training(steps) })
  const job = await waitForJob<Job>(id)
  const wall = (performance.now() - submitted) / 1000
  const run = await request<Run>('GET', `/v1/runs/${job.run_ids[0]}`)
  if (run.result?.kind !== 'train') throw new Error(`the run has no result: ${JSON.stringify(run.failure)}`)
  const { state } = decodeCheckpoint(await download(`/v1/checkpoints/${run.checkpoint_id}/download`))
  return { seconds: run.result.seconds, wall, weights: digestOfWeights(state) }
}
