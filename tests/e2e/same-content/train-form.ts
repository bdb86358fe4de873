// What the service makes of one form: the digest of its version, and the file that a training on it ends with.

import { createHash } from 'node:crypto'
import type { Job, Run } from '@trainyard/contracts'
import type { Service } from '../service.ts'
import { uploadData } from '../upload-data.ts'
import type { Form } from './forms.ts'

export interface FormResult {
  /** Of the version. */
  readonly digest: string
  /** SHA-256 of the final checkpoint: weights, optimizer, metrics, all that a run can go on from. */
  readonly checkpoint: string
  readonly accuracy: number
  /** Rows of training and test split. */
  readonly rows: readonly (number | undefined)[]
}

/** LeNet-5 on one thread, with a fixed seed. */
export async function trainForm(service: Service, { name, files, options }: Form, epochs: number): Promise<FormResult> {
  const version = await uploadData(service, name, files, options)
  const { id } = await service.request<Job>('POST', '/v1/jobs', {
    kind: 'train',
    dataset: version.id,
    model: { version: 1, preset: { name: 'lenet5' } },
    training: { epochs, batch_size: 64, seed: 1, threads: 1, optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 } },
  })
  const job = await service.waitForJob<Job>(id)
  if (job.state !== 'succeeded') throw new Error(`the training on ${name} has ${job.state}: ${JSON.stringify(job.failure)}`)
  const run = await service.request<Run>('GET', `/v1/runs/${job.run_ids[0]}`)
  const file = await service.download(`/v1/checkpoints/${run.checkpoint_id}/download`)
  return {
    digest: version.digest ?? '',
    checkpoint: createHash('sha256').update(file).digest('hex'),
    accuracy: Number(run.metrics['eval/accuracy']),
    rows: [version.splits?.train?.rows, version.splits?.test?.rows],
  }
}
