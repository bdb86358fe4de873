// What clients submit: few kinds of runs, so that each can be compared with an undisturbed run of the same kind. Trainings with every optimizer
// that there is, and what is made of data and of their checkpoints.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Checkpoint, Dataset, DatasetVersion, Job } from '@trainyard/contracts'
import { optimizerConfigSchema } from '@trainyard/engine/spec'
import type { Choices } from './random.ts'
import type { Stack } from './stack.ts'

export interface Workload {
  readonly name: string
  /** Of POST. */
  readonly path: string
  /** JSON; `name` is what the client calls the job, where it can have a name. */
  readonly body: (name: string) => Readonly<Record<string, unknown>>
}

/** The answer to a workload: a job, or something that names its job. */
export interface Submitted {
  readonly id?: string
  readonly job_id?: string
}

/** @throws Error when the answer names none */
export function jobIdOf({ id, job_id: jobId = id }: Submitted): string {
  if (jobId === undefined) throw new Error('the answer names no job')
  return jobId
}

const TRAIN_ROWS = 200
const TEST_ROWS = 50
const BATCH = 20
const layers = (hidden: readonly object[]) => ({ version: 1, input: { shape: [2] }, layers: [...hidden, { type: 'dense', units: 2 }] })
const HIDDEN = [{ type: 'dense', units: 16 }, { type: 'tanh' }, { type: 'dense', units: 16 }, { type: 'relu' }]

/** Long enough to be disturbed several times, with checkpoints on the way. */
const training = (changes: object) => ({ batch_size: BATCH, log_every_steps: 200, seed: 7, evaluate: { every_epochs: 100 }, ...changes })

/** Some 30,000 steps: the one that the tests of requirements disturb, too. */
const MOMENTUM = {
  model: layers(HIDDEN),
  training: training({
    epochs: 3000,
    checkpoint: { every_steps: 2000 },
    optimizer: { type: 'sgd', learning_rate: 0.01, momentum: 0.9 },
  }),
}

/** What an optimizer is combined with, in turn. */
const COMPANIONS = [
  { checkpoint: { every_seconds: 0.3 }, schedule: { type: 'one_cycle' } },
  { checkpoint: { every_epochs: 100 }, backend: 'onednn', gradient_clipping: { norm: 1 } },
  { checkpoint: { every_steps: 1500 }, schedule: { type: 'reduce_on_plateau', patience: 1 }, regularization: { max_norm: 3 } },
  { checkpoint: { every_seconds: 0.3 }, schedule: { type: 'cosine' }, early_stopping: { metric: 'eval/loss', patience: 6 } },
] as const

const EVERY_OPTIMIZER = optimizerConfigSchema.options.map((option, i) => {
  const type = option.shape.type.value
  return {
    name: type,
    model: layers([...HIDDEN, ...(i % 2 === 0 ? [{ type: 'dropout', rate: 0.1 }] : [])]),
    training: training({ epochs: 1200, optimizer: { type, learning_rate: 0.005 }, ...COMPANIONS[i % COMPANIONS.length] }),
  }
})

/** Two noisy half circles. */
function halfCircles(choices: Choices, rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const side = i % 2
    const angle = choices.between(0, Math.PI)
    const x = side === 0 ? Math.cos(angle) : 1 - Math.cos(angle)
    const y = side === 0 ? Math.sin(angle) : 0.5 - Math.sin(angle)
    return `${x + choices.between(-0.1, 0.1)},${y + choices.between(-0.1, 0.1)},${side}`
  })
  return `x,y,side\n${lines.join('\n')}\n`
}

export interface Workloads {
  /** The long one first. */
  readonly all: readonly Workload[]
  /** Of the data that all of them train on. */
  readonly dataset: string
}

/** Imports the data that all of them train on, and trains the model that some of them use. */
export async function prepareWorkloads(stack: Stack, choices: Choices): Promise<Workloads> {
  const call = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const headers = { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json' }
    const response = await fetch(stack.direct.url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const finished = async (id: string): Promise<Job> => {
    for (;;) {
      const job = await call<Job>('GET', `/v1/jobs/${id}`)
      if (job.state === 'succeeded') return job
      if (job.terminal) throw new Error(`what the workloads need could not be made: ${job.failure?.message}`)
      await sleep(50)
    }
  }
  stack.source.content = halfCircles(choices, TRAIN_ROWS + TEST_ROWS)
  const { id: datasetId } = await call<Dataset>('POST', '/v1/datasets', { name: 'half circles' })
  const imported: Omit<Workload, 'name'> = {
    path: `/v1/datasets/${datasetId}/versions/import`,
    body: () => ({
      sources: { file: { url: stack.source.url } },
      options: { target: 'side', target_kind: 'class', test_fraction: TEST_ROWS / (TRAIN_ROWS + TEST_ROWS) },
    }),
  }
  const version = await call<DatasetVersion>('POST', imported.path, imported.body(''))
  if (version.job_id === null) throw new Error('the version has no job')
  await finished(version.job_id)
  const trained = (name: string, { model, training }: { model: object; training: object }): Workload => ({
    name,
    path: '/v1/jobs',
    body: (jobName) => ({ kind: 'train', name: jobName, dataset: version.id, model, training }),
  })
  const momentum = trained('momentum', MOMENTUM)
  const model = await finished((await call<Job>('POST', momentum.path, momentum.body('source'))).id)
  const runId = model.run_ids[0]
  const { data: checkpoints } = await call<{ data: Checkpoint[] }>('GET', `/v1/checkpoints?run_id=${runId}`)
  const checkpoint = checkpoints.find(({ kind }) => kind === 'final')
  if (checkpoint === undefined) throw new Error('the model has no final checkpoint')
  return {
    dataset: version.id,
    all: [
      momentum,
      ...EVERY_OPTIMIZER.map(({ name, ...config }) => trained(name, config)),
      { name: 'import', ...imported },
      {
        name: 'evaluation',
        path: '/v1/jobs',
        body: (name) => ({ kind: 'evaluate', name, checkpoint_id: checkpoint.id, dataset: version.id }),
      },
      {
        name: 'prediction',
        path: `/v1/checkpoints/${checkpoint.id}/predict`,
        body: () => ({ inputs: Array.from({ length: 20 }, (_, i) => [i / 10 - 1, 1 - i / 10]), top_k: 2 }),
      },
      { name: 'verification', path: `/v1/runs/${runId}/verify`, body: () => ({}) },
    ],
  }
}
