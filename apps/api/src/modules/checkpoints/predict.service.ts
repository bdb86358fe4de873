// From samples to a prediction job, and from the job to its predictions.

import {
  type EncodedPicture,
  IS_TERMINAL,
  idSchema,
  newUuid,
  type PredictRequest,
  predictionSchema,
  type RunConfigOf,
  toWireId,
} from '@trainyard/contracts'
import { datasetVersions, type JobRecord, jobs, type Tx } from '@trainyard/database'
import { resolveModel } from '@trainyard/engine/spec'
import { ERROR_CODES, type Issue, TrainyardError } from '@trainyard/errors'
import { z } from 'zod'
import { invalidRequest, missing } from '../../http/parse.ts'
import type { RouteContext } from '../../http/route.ts'
import { serializeJob } from '../jobs/job.serializer.ts'
import { findTrainedCheckpoint } from '../jobs/references.ts'
import { waitForJob } from '../jobs/wait-for-job.service.ts'
import { countNumbers } from './parse-prediction.ts'

export const predictionsSchema = z.object({
  object: z.literal('predictions'),
  job_id: idSchema('job'),
  predictions: z.array(predictionSchema).meta({ description: 'One for each input, in order.' }),
})

/** @throws TrainyardError `not_found` */
export async function findCheckpoint(tx: Tx, id: string) {
  const checkpoint = await findTrainedCheckpoint(tx, id, 'checkpoint_id', [])
  if (checkpoint === null) throw missing(id)
  return checkpoint
}

export async function submitPrediction(
  tx: Tx,
  projectId: string,
  checkpointId: string,
  { inputs, top_k }: PredictRequest,
): Promise<string> {
  const checkpoint = await findCheckpoint(tx, checkpointId)
  const version = await datasetVersions.find(tx, checkpoint.datasetVersionId)
  // Raw samples are as the dataset has them; the transforms of the training come between them and the model.
  const shape = version?.manifest?.input.shape ?? resolveModel(checkpoint.spec).draft.inputs[0]?.shape ?? []
  const expected = shape.reduce((product, size) => product * size, 1)
  const issues = inputs.flatMap((input, i): Issue[] => {
    if (typeof input === 'object' && !Array.isArray(input)) return []
    const count = countNumbers(input)
    if (count === expected) return []
    const message = `The sample has ${count} numbers. Expected ${expected}, the shape [${shape.join(', ')}].`
    return [{ path: `inputs[${i}]`, code: 'wrong_size', message, hint: 'Send one raw sample as the dataset had it, nested or flat.' }]
  })
  if (issues.length > 0) throw invalidRequest(issues)
  return await submit(tx, projectId, inputs.length, { kind: 'predict', checkpoint_id: checkpoint.id, inputs, top_k })
}

export interface PicturesRequest {
  readonly pictures: readonly EncodedPicture[]
  readonly top_k: number
}

export async function submitPictures(
  tx: Tx,
  projectId: string,
  checkpointId: string,
  { pictures, top_k }: PicturesRequest,
): Promise<string> {
  const checkpoint = await findCheckpoint(tx, checkpointId)
  const version = await datasetVersions.find(tx, checkpoint.datasetVersionId)
  if (version?.manifest?.input.kind === 'features') {
    const message = 'The checkpoint was trained on a table: it takes no pictures.'
    const hint = 'Send rows as JSON to the path without "/images".'
    throw invalidRequest([{ path: 'images', code: 'wrong_type', message, hint }])
  }
  const config = { kind: 'predict' as const, checkpoint_id: checkpoint.id, inputs: [], pictures: [...pictures], top_k }
  return await submit(tx, projectId, pictures.length, config)
}

async function submit(tx: Tx, projectId: string, rows: number, config: RunConfigOf<'predict'>): Promise<string> {
  const id = newUuid()
  // What a job shows of itself is without the samples.
  await jobs.submit(tx, {
    id,
    projectId,
    kind: 'predict',
    name: null,
    config: { kind: 'predict', top_k: config.top_k, rows },
    runs: [config],
  })
  return id
}

/** Waits for the predictions of a job; after that the answer is the job itself. */
export async function answerPrediction(context: Pick<RouteContext<unknown, unknown, unknown>, 'deps' | 'reply' | 'sql'>, jobId: string) {
  const job = await waitForJob(context, jobId)
  const predictions = predictionsOf(job)
  if (predictions === null || !IS_TERMINAL[job.state]) return serializeJob(job)
  context.reply.code(200)
  return { object: 'predictions', job_id: toWireId('job', job.id), predictions }
}

/** @throws TrainyardError why the job failed */
function predictionsOf({ state, result, failure }: JobRecord) {
  if (failure !== null) {
    const code = ERROR_CODES.find((known) => known === failure.code) ?? 'engine_failure'
    throw new TrainyardError(code, { detail: failure.message, hint: failure.hint, issues: failure.issues ?? [] })
  }
  if (state === 'cancelled') throw new TrainyardError('conflict', { detail: 'The prediction was cancelled.' })
  return result?.kind === 'predict' ? result.predictions : null
}
