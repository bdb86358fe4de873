// Which backend the worker trains with, found out by a job of one step.

import type { DatasetVersion, Job } from '@trainyard/contracts'
import type { Client } from '../client.ts'

export async function trainingBackend(client: Client, dataset: DatasetVersion, model: unknown, batchSize: number): Promise<string> {
  const training = { max_steps: 1, batch_size: batchSize, sample_limit: batchSize }
  const { id } = await client.post<Job>('/v1/jobs', {
    kind: 'train',
    name: 'one step, to see the backend',
    dataset: dataset.id,
    model,
    training,
  })
  const run = await client.runOf(await client.waitForJob(id))
  return run.plan?.backend ?? 'unknown'
}
