// What a run costs through the service beside the bare loop: the same model, data, seed, backend, threads and number of steps, the two taking turns of a
// second, so that what else the machine does falls on both.
// usage: npm run bench:service -- [--seconds 60] [--rounds 3] [--threads 2] [--json FILE]

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { newUuid } from '@trainyard/contracts'
import { trainingConfigSchema } from '@trainyard/engine/spec'
import { trainersOf } from '../../apps/worker/src/testing/process-state.ts'
import { TrainerInProcess } from '../../apps/worker/src/testing/trainer-in-process.ts'
import { startService } from '../../tests/e2e/service.ts'
import { uploadData } from '../../tests/e2e/upload-data.ts'
import { digitFilesOf } from '../../tests/lectures/data.ts'
import { median } from '../engine/statistics.ts'
import { BareLoop, ServiceRun } from './sides.ts'
import { Turns } from './turns.ts'

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
const CALIBRATION_STEPS = 1000
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
  const { dataset_id: id } = await uploadData(service, 'digits', files, {})

  const openBare = (steps: number) => {
    const config = {
      kind: 'train' as const,
      spec: MODEL,
      training: trainingConfigSchema.parse(training(steps)),
      dataset_version_id: newUuid(),
      transfer: null,
    }
    return BareLoop.open({ config, dataset, threads }, join(trainer.directory, 'job.json'))
  }

  const measure = async (steps: number) => {
    const loop = await openBare(steps)
    const run = await ServiceRun.open(service, { kind: 'train', dataset: id, model: MODEL, training: training(steps) })
    const turns = new Turns([
      { pids: () => [loop.pid] },
      { pids: () => [service.apiPid, service.workerPid, ...trainersOf(service.workerPid)] },
    ])
    const bareEnded = loop.run().finally(() => turns.end())
    const runEnded = run.end().finally(() => turns.end())
    const [bare, { finishedAt, weights }] = await Promise.all([bareEnded, runEnded, turns.take()])
    const bareSeconds = bare.seconds - turns.pausedMs(0, Date.now()) / 1000
    const runMs = finishedAt - run.begunAt - turns.pausedMs(1, finishedAt)
    // The steps that were done before the turns began.
    const runSeconds = (runMs / 1000) * (steps / (steps - run.stepsBefore))
    return {
      bare_s: bareSeconds,
      run_s: runSeconds,
      ratio: runSeconds / bareSeconds,
      before_s: (run.begunAt - run.submittedAt) / 1000,
      same_weights: bare.weights === weights,
    }
  }

  const calibration = await (await openBare(CALIBRATION_STEPS)).run()
  const steps = Math.max(CALIBRATION_STEPS, Math.round((CALIBRATION_STEPS * seconds) / calibration.seconds))
  console.log(`${steps} steps of LeNet-5, batch 64, ${threads} threads; the bare loop and a run through the service take turns\n`)
  console.log('| round | bare loop, s | run, s | ratio | submitted to first steps, s | same weights |\n|---|---|---|---|---|---|')
  const rounds = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    const measured = await measure(steps)
    rounds.push(measured)
    const { bare_s: bare, run_s: run, ratio, before_s: before, same_weights: same } = measured
    console.log(`| ${[round, bare.toFixed(2), run.toFixed(2), ratio.toFixed(4), before.toFixed(2), same ? 'yes' : 'NO'].join(' | ')} |`)
  }
  const ratio = median(rounds.map((each) => each.ratio))
  console.log(`\nthrough the service: ${(100 * (ratio - 1)).toFixed(1)} % more time (median)`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ steps, threads, ratio, rounds }, null, 2)}\n`)
  if (!rounds.every(({ same_weights }) => same_weights)) process.exitCode = 1
} finally {
  await service.stop()
  await trainer.close()
}
process.exit()
