// Checks a job as the API does, and runs it as a trainer does, in this process.

import { resolveTraining, type SubmitJob, submitJobSchema, trainingTarget } from '@trainyard/contracts'
import { createTransformer, fitTransformsOf, openBatches, openSplitReader } from '@trainyard/datasets'
import { buildModel, estimateModel } from '@trainyard/engine/plan'
import { buildGraph, type ModelSpec, resolveModel, validateModelSpec, validateTraining } from '@trainyard/engine/spec'
import { createSession, INITIAL_LOOP_STATE, planMetrics, planSchedule, TrainingLoop } from '@trainyard/engine/train'
import { chooseBackend } from '../../apps/worker/src/trainer/backend.ts'
import type { PreparedData } from './data.ts'

export interface FinishedJob {
  readonly parameters: number
  /** Series → step → value. */
  readonly series: ReadonlyMap<string, ReadonlyMap<number, number>>
  /** Metrics of the result: of the best evaluation, where early stopping restores it. */
  readonly metrics: Readonly<Record<string, number>>
  /** Values of a tensor of the checkpoint, without the prefix `model.`. */
  tensor(name: string): Float32Array | undefined
  /** Output of the model for raw rows. */
  predict(rows: readonly (readonly number[])[]): readonly (readonly number[])[]
}

export type TrainJob = Extract<SubmitJob, { kind: 'train' }>

/** Any id of the right form: the page names the data, a reader puts the id of the upload there. */
const DATASET_ID = 'ds_01kasefe5r7x3b9n2m4p6q8s0t'

/** @throws Error with every mistake that the API would answer with */
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

export function runJob(job: TrainJob, { manifest: uploaded, shardPaths }: PreparedData): FinishedJob {
  const spec = specOf(job)
  const training = resolveTraining(job.training, uploaded)
  const splits = Object.keys(uploaded.splits)
  const target = trainingTarget(uploaded.target, uploaded.input.shape)
  const batchTarget = uploaded.target.kind === 'none' ? 'input' : 'label'
  const issues = validateTraining(spec, training, { input: uploaded.input, target, splits })
  if (issues.length > 0) throw new Error(JSON.stringify(issues))

  const manifest = uploaded
  const transforms = fitTransformsOf({ manifest, shardPaths, training })
  const model = buildModel(buildGraph(spec, { batchSize: training.batch_size }), training)
  const estimate = estimateModel(model)
  const { backend } = chooseBackend(training.backend, estimate.flops.train)
  const session = createSession({ model, backend, threads: 1, seed: training.seed })
  session.initialize(training.seed)
  const { batch_size: batchSize, seed, shuffle, sample_limit: sampleLimit, drop_last: dropLast, augmentation } = training
  const batches = openBatches({
    manifest,
    shardPaths,
    batchSize,
    seed,
    shuffle,
    sampleLimit,
    dropLast,
    augmentation,
    target: batchTarget,
    transforms,
    thread: 'never',
  })
  const split = training.evaluate.split ?? (splits.includes('test') ? 'test' : null)
  const reader = split === null ? null : openSplitReader({ manifest, shardPaths, split, batchSize, target: batchTarget, transforms })
  const evaluation = reader && {
    rows: reader.rows,
    steps: reader.steps,
    plan: planMetrics(training, target),
    batch: (step: number) => reader.batch(step),
  }
  const loop = new TrainingLoop({
    session,
    training,
    schedule: planSchedule(training, manifest.splits.train?.rows ?? 0),
    batches,
    target,
    evaluation,
    start: INITIAL_LOOP_STATE,
    now: () => performance.now(),
  })
  const series = new Map<string, Map<number, number>>()
  for (const event of loop.run()) {
    if (event.type !== 'points') continue
    for (const { name, step, value } of event.points) {
      const points = series.get(name) ?? new Map<number, number>()
      series.set(name, points.set(step, value))
    }
  }
  batches.close()
  reader?.close()
  const state = session.exportState()
  const transformer = createTransformer(transforms)
  return {
    parameters: estimate.parameters,
    series,
    metrics: loop.state.metrics,
    tensor: (name) => state.get(`model.${name}`)?.data,
    predict: (rows) =>
      rows.map((row) => {
        const sample = new Float32Array(transformer.size)
        transformer.apply([...row], 0, sample, 0)
        session.predict(sample, 1)
        return [...session.predictions.subarray(0, session.predictions.length / batchSize)]
      }),
  }
}
