// Rows as a worker leaves them: a prepared dataset version, a trained checkpoint. The runs are claimed and completed as a worker does it.

import { createHash } from 'node:crypto'
import {
  type DatasetAnalysis,
  type DatasetManifest,
  fromWireId,
  newUuid,
  prepareOptionsSchema,
  type RunResult,
  toWireId,
} from '@trainyard/contracts'
import { type Completion, type Database, datasets, datasetVersions, jobs, runState } from '@trainyard/database'
import { encode, type TensorData } from '@trainyard/engine/safetensors'
import { validateModelSpec, validateTrainingConfig } from '@trainyard/engine/spec'
import type { ObjectStorage } from '@trainyard/storage'

const SHA = 'a'.repeat(64)

/** What lies in storage of a version of XOR. */
const XOR_FILES = {
  shard: Buffer.concat([
    ...encode(
      new Map<string, TensorData>([
        ['x', { dtype: 'F32', shape: [4, 2], data: Float32Array.from([0, 0, 0, 1, 1, 0, 1, 1]) }],
        ['y', { dtype: 'I32', shape: [4], data: Int32Array.from([0, 1, 1, 0]) }],
      ]),
    ).chunks,
  ]),
  quarantine: Buffer.from('row,code,column,value,content\r\n7,missing_target,y,,"0,0,"\r\n'),
  analysis: Buffer.from(
    JSON.stringify({
      format: 1,
      mode: 'tolerant',
      rows: { read: 5, used: 4, quarantined: 1 },
      problems: [],
      problem_count: 0,
      capped: false,
      leakage: {
        exact_duplicates: { exact: true, within: {}, in_train: {}, examples: [] },
        near_duplicates: null,
        label_conflicts: { inputs: 0, examples: [] },
        predictive_columns: [],
      },
      profile: { rows: 4, splits: { train: { rows: 4 } }, columns: [], targets: null, images: null },
    } satisfies DatasetAnalysis),
  ),
}

export const XOR_MANIFEST: DatasetManifest = {
  format: 1,
  digest: SHA,
  input: { kind: 'features', shape: [2], dtype: 'float32', columns: ['a', 'b'] },
  target: { kind: 'class', classes: ['0', '1'] },
  splits: {
    train: {
      rows: 4,
      class_counts: [2, 2],
      shards: [{ key: 'datasets/x/train.safetensors', rows: 4, bytes: XOR_FILES.shard.length, sha256: SHA }],
    },
  },
  normalization: { scale: 1, mean: [0, 0], std: [1, 1] },
  analysis: { key: 'datasets/x/analysis.json', bytes: XOR_FILES.analysis.length, sha256: SHA },
  quarantine: { key: 'datasets/x/quarantine.csv', bytes: XOR_FILES.quarantine.length, sha256: SHA, rows: 1 },
}

export const XOR_SPEC = {
  version: 1,
  input: { shape: [2] },
  layers: [{ type: 'dense', units: 8 }, { type: 'tanh' }, { type: 'dense', units: 2 }],
}

/** Claims the runs of a job and ends them with these results. */
export async function completeJob(
  { workerSql: sql }: Database,
  jobId: string,
  result: RunResult,
  rest: Omit<Completion, 'result'> = {},
): Promise<string> {
  const [run] = await sql.query<{ id: string }>('SELECT id FROM runs WHERE job_id = $1::uuid', [jobId])
  const claimed = await runState.claim(sql, { runId: run?.id ?? '', owner: 'test', ttlMs: 60_000 })
  if (claimed === null) throw new Error('the run could not be claimed')
  await runState.complete(sql, claimed, { result, ...rest })
  return claimed.runId
}

export interface PreparedDataset {
  readonly datasetId: string
  readonly versionId: string
  readonly jobId: string
  readonly runId: string
}

/** XOR, ready. Ids as on the wire. */
export async function prepareXor(database: Database, projectId: string): Promise<PreparedDataset> {
  const id = newUuid()
  const { dataset, job } = await database.withProject(projectId, async (tx) => {
    const dataset = await datasets.create(tx, { projectId, name: 'xor', description: '' })
    const options = prepareOptionsSchema.parse({ test_fraction: 0 })
    const sources = [{ role: 'file' as const, key: `uploads/${id}/file`, file_name: 'xor.csv', bytes: 10 }]
    const config = { kind: 'prepare' as const, dataset_version_id: id, sources, options }
    const job = await jobs.submit(tx, { projectId, kind: 'prepare', name: null, config, runs: [config] })
    await datasetVersions.create(tx, { id, projectId, datasetId: dataset.id, jobId: job.id, uploads: [] })
    return { dataset, job }
  })
  const runId = await completeJob(database, job.id, { kind: 'prepare', rows: 4, digest: SHA }, { manifest: XOR_MANIFEST })
  return {
    datasetId: toWireId('dataset', dataset.id),
    versionId: toWireId('dataset_version', id),
    jobId: toWireId('job', job.id),
    runId: toWireId('run', runId),
  }
}

export interface TrainedXor extends PreparedDataset {
  readonly trainJobId: string
  readonly trainRunId: string
  readonly checkpointId: string
  /** Of the checkpoint's file. */
  readonly content: Buffer
}

export async function trainXor(database: Database, storage: ObjectStorage, projectId: string): Promise<TrainedXor> {
  const prepared = await prepareXor(database, projectId)
  await storage.put('datasets/x/train.safetensors', toStream(XOR_FILES.shard))
  await storage.put('datasets/x/analysis.json', toStream(XOR_FILES.analysis))
  await storage.put('datasets/x/quarantine.csv', toStream(XOR_FILES.quarantine))
  const spec = validateModelSpec(XOR_SPEC)
  const training = validateTrainingConfig({ loss: { type: 'softmax_cross_entropy' }, optimizer: { type: 'adam' } })
  if (!spec.ok || !training.ok) throw new Error('the fixture is not valid')
  const config = {
    kind: 'train' as const,
    spec: spec.spec,
    training: training.training,
    dataset_version_id: fromWireId('dataset_version', prepared.versionId) ?? '',
    transfer: null,
  }
  const job = await database.withProject(projectId, (tx) =>
    jobs.submit(tx, { projectId, kind: 'train', name: 'xor', config, runs: [config] }),
  )
  const content = Buffer.from(Array.from({ length: 1000 }, (_, i) => i % 251))
  const sha256 = createHash('sha256').update(content).digest('hex')
  const checkpoint = {
    id: newUuid(),
    kind: 'final' as const,
    step: 10,
    epoch: 1,
    objectKey: `checkpoints/${job.id}`,
    bytes: 1000,
    sha256,
    metrics: {},
  }
  await storage.put(checkpoint.objectKey, toStream(content))
  const result = { kind: 'train' as const, steps: 10, epochs: 1, metrics: { 'train/loss': 0.5 }, seconds: 1, samples_per_second: 10 }
  const runId = await completeJob(database, job.id, result, { checkpoint, lastStep: 10 })
  return {
    ...prepared,
    trainJobId: toWireId('job', job.id),
    trainRunId: toWireId('run', runId),
    checkpointId: toWireId('checkpoint', checkpoint.id),
    content,
  }
}

async function* toStream(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content
}
