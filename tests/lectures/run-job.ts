// Runs a job of a page as a trainer does, in this process. That the API takes it is in api.test.ts.

import { readFileSync } from 'node:fs'
import { newUuid, resolveTraining, type SubmitJob, submitJobSchema } from '@trainyard/contracts'
import { type ModelSpec, resolveModel, validateModelSpec } from '@trainyard/engine/spec'
import { decodeCheckpoint } from '@trainyard/engine/train'
import type { Dataset, TrainerInProcess } from '../../apps/worker/src/testing/trainer-in-process.ts'

export interface FinishedJob {
  readonly parameters: number
  /** Series → step → value. */
  readonly series: ReadonlyMap<string, ReadonlyMap<number, number>>
  /** Metrics of the result: of the best evaluation, where early stopping restores it. */
  readonly metrics: Readonly<Record<string, number>>
  /** Values of a tensor of the checkpoint, without the prefix `model.`. */
  tensor(name: string): Float32Array | undefined
  /** Output of the model for raw rows. */
  predict(rows: readonly (readonly number[])[]): Promise<readonly (readonly number[])[]>
}

export type TrainJob = Extract<SubmitJob, { kind: 'train' }>

/** Any id of the right form: the page names the data, a reader puts the id of the upload there. */
const DATASET_ID = 'ds_01kasefe5r7x3b9n2m4p6q8s0t'

/** @throws Error with the mistakes of its form */
export function parseJob(body: Readonly<Record<string, unknown>>, datasetId = DATASET_ID): TrainJob {
  const job = submitJobSchema.parse({ ...body, dataset: datasetId })
  if (job.kind !== 'train') throw new Error(`kind ${job.kind}: pages train`)
  return job
}

function specOf({ model }: TrainJob): ModelSpec {
  const validated = validateModelSpec(model)
  if (!validated.ok) throw new Error(JSON.stringify(validated.issues))
  return validated.spec
}

/** For jobs that are looked at, not run: a network for a dataset that the page does not have. */
export function countOf(job: TrainJob): FinishedJob {
  const parameters = resolveModel(specOf(job)).layers.reduce((sum, { parameterCount }) => sum + parameterCount, 0)
  const nothing = () => {
    throw new Error('the job was not run')
  }
  return { parameters, series: new Map(), metrics: {}, tensor: nothing, predict: nothing }
}

/** Trains as a trainer does; the file of the final checkpoint is what predictions come from. */
export async function runJob(trainer: TrainerInProcess, job: TrainJob, dataset: Dataset): Promise<FinishedJob> {
  const spec = specOf(job)
  const training = resolveTraining(job.training, dataset.manifest)
  const { points, checkpoints, result } = await trainer.run(
    { kind: 'train', spec, training, dataset_version_id: newUuid(), transfer: null },
    { dataset },
  )
  const { file: final } = checkpoints.at(-1) ?? {}
  if (result?.kind !== 'train' || final === undefined) throw new Error('the job has not ended with a result and a checkpoint')
  const { state } = decodeCheckpoint(readFileSync(final.path))
  const series = new Map<string, Map<number, number>>()
  for (const [key, value] of points) {
    const [name = '', step = ''] = key.split(' ')
    series.set(name, (series.get(name) ?? new Map<number, number>()).set(Number(step), value))
  }
  return {
    ...countOf(job),
    series,
    metrics: Object.fromEntries(Object.entries(result.metrics).map(([name, value]) => [name, Number(value)])),
    tensor: (name) => state.get(`model.${name}`)?.data,
    predict: async (rows) => {
      const inputs = rows.map((row) => [...row])
      const { result: predicted } = await trainer.run(
        { kind: 'predict', checkpoint_id: newUuid(), inputs, top_k: 1 },
        { source_checkpoint: final },
      )
      if (predicted?.kind !== 'predict') throw new Error('the prediction has no result')
      return predicted.predictions.map(({ outputs }) => outputs.map(Number))
    },
  }
}
