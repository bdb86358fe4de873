// What clients submit: few kinds of training runs, so that each can be compared with an undisturbed run of the same kind.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Dataset, DatasetVersion, Job } from '@trainyard/contracts'
import type { Choices } from './random.ts'
import type { Stack } from './stack.ts'

export interface Workload {
  readonly name: string
  /** The body of POST /v1/jobs, without a name. */
  readonly body: Readonly<Record<string, unknown>>
}

const ROWS = 200
const layers = (hidden: readonly object[]) => ({ version: 1, input: { shape: [2] }, layers: [...hidden, { type: 'dense', units: 2 }] })
const hidden = [{ type: 'dense', units: 16 }, { type: 'tanh' }, { type: 'dense', units: 16 }, { type: 'relu' }]

/** Long enough to be disturbed several times, with checkpoints on the way. */
const training = (changes: object) => ({ batch_size: 20, log_every_steps: 200, seed: 7, ...changes })

const WORKLOADS = {
  momentum: {
    model: layers(hidden),
    training: training({
      epochs: 3000,
      checkpoint: { every_steps: 2000 },
      optimizer: { type: 'sgd', learning_rate: 0.01, momentum: 0.9 },
    }),
  },
  adam: {
    model: layers(hidden),
    training: training({ epochs: 2000, checkpoint: { every_seconds: 0.3 }, optimizer: { type: 'adam', learning_rate: 0.001 } }),
  },
  library: {
    model: layers([{ type: 'dense', units: 32 }, { type: 'relu' }]),
    training: training({ epochs: 1500, backend: 'onednn', checkpoint: { every_epochs: 100 }, optimizer: { type: 'adam' } }),
  },
} as const

/** Two noisy half circles. */
function halfCircles(choices: Choices): string {
  const rows = Array.from({ length: ROWS }, (_, i) => {
    const side = i % 2
    const angle = choices.between(0, Math.PI)
    const x = side === 0 ? Math.cos(angle) : 1 - Math.cos(angle)
    const y = side === 0 ? Math.sin(angle) : 0.5 - Math.sin(angle)
    return `${x + choices.between(-0.1, 0.1)},${y + choices.between(-0.1, 0.1)},${side}`
  })
  return `x,y,side\n${rows.join('\n')}\n`
}

/** Uploads the data that all of them train on. */
export async function prepareWorkloads({ direct, apiKey }: Stack, choices: Choices): Promise<readonly Workload[]> {
  const headers = { authorization: `Bearer ${apiKey}` }
  const call = async <T>(method: string, path: string, init: RequestInit): Promise<T> => {
    const response = await fetch(direct.url + path, { method, ...init, headers: { ...headers, ...init.headers } })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as T
  }
  const json = { 'content-type': 'application/json' }
  const dataset = await call<Dataset>('POST', '/v1/datasets', { body: JSON.stringify({ name: 'half circles' }), headers: json })
  const form = new FormData()
  form.append('options', JSON.stringify({ target: 'side', target_kind: 'class', test_fraction: 0 }))
  form.append('file', new Blob([halfCircles(choices)]), 'half-circles.csv')
  const version = await call<DatasetVersion>('POST', `/v1/datasets/${dataset.id}/versions`, { body: form })
  for (;;) {
    const job = await call<Job>('GET', `/v1/jobs/${version.job_id}`, {})
    if (job.state === 'succeeded') break
    if (job.terminal) throw new Error(`the data could not be prepared: ${job.failure?.message}`)
    await sleep(50)
  }
  return Object.entries(WORKLOADS).map(([name, { model, training }]) => ({
    name,
    body: { kind: 'train', dataset: version.id, model, training },
  }))
}
