// Submits a training job, shows its progress, and has the result measured on the whole test split by a second job.

import type { Job, Run } from '@trainyard/contracts'
import type { Client } from '../client.ts'
import { formatPercent, formatSeconds } from '../format.ts'
import { ProgressBar } from '../progress.ts'

export interface Trained {
  readonly job: Job
  readonly run: Run
  readonly checkpointId: string
  /** Share of the test rows that are classified correctly. */
  readonly accuracy: number
  readonly seconds: number
}

/** @param submission body of POST /v1/jobs without `kind` */
export async function train(
  client: Client,
  title: string,
  submission: { readonly dataset: string; readonly [field: string]: unknown },
): Promise<Trained> {
  const bar = new ProgressBar(title)
  try {
    const submitted = await client.post<Job>('/v1/jobs', { kind: 'train', name: title, ...submission })
    const job = await client.waitForJob(submitted.id, bar.watch)
    const run = await client.runOf(job)
    if (run.checkpoint_id === null) throw new Error(`run ${run.id} has no checkpoint`)
    const accuracy = await evaluate(client, title, run.checkpoint_id, submission.dataset)
    const seconds = run.result?.kind === 'train' ? run.result.seconds : 0
    const speed = run.result?.kind === 'train' ? `, ${Math.round(run.result.samples_per_second).toLocaleString('en')} samples/s` : ''
    bar.finish(`${formatPercent(accuracy)} of the test images, ${formatSeconds(seconds)}${speed}`)
    return { job, run, checkpointId: run.checkpoint_id, accuracy, seconds }
  } catch (error) {
    bar.abandon()
    throw error
  }
}

async function evaluate(client: Client, title: string, checkpointId: string, dataset: string): Promise<number> {
  const name = `evaluate: ${title}`
  const { id } = await client.post<Job>('/v1/jobs', { kind: 'evaluate', name, checkpoint_id: checkpointId, dataset, split: 'test' })
  const { result } = await client.waitForJob(id)
  const accuracy = result?.kind === 'evaluate' ? Number(result.metrics.accuracy) : Number.NaN
  if (!Number.isFinite(accuracy)) throw new Error(`evaluation ${id} gave no accuracy`)
  return accuracy
}
