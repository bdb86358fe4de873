// From samples to a prediction job, and from the job to its predictions.

import { newUuid, type PredictRequest, type RunConfigOf } from '@trainyard/contracts'
import { datasetVersions, type JobRecord, jobs, type Tx } from '@trainyard/database'
import { resolveModel } from '@trainyard/engine/spec'
import { ERROR_CODES, type Issue, TrainyardError } from '@trainyard/errors'
import { invalidRequest, missing } from '../../http/parse.ts'
import { findTrainedCheckpoint } from '../jobs/references.ts'
import { countNumbers } from './parse-prediction.ts'

export async function submitPrediction(
  tx: Tx,
  projectId: string,
  checkpointId: string,
  { inputs, top_k }: PredictRequest,
): Promise<string> {
  const checkpoint = await findTrainedCheckpoint(tx, checkpointId, 'checkpoint_id', [])
  if (checkpoint === null) throw missing(checkpointId)
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
  const config: RunConfigOf<'predict'> = { kind: 'predict', checkpoint_id: checkpoint.id, inputs, top_k }
  const id = newUuid()
  await jobs.submit(tx, {
    id,
    projectId,
    kind: 'predict',
    name: null,
    config: { kind: 'predict', top_k, rows: inputs.length },
    runs: [config],
  })
  return id
}

/** @throws TrainyardError why the job failed */
export function predictionsOf({ state, result, failure }: JobRecord) {
  if (failure !== null) {
    const code = ERROR_CODES.find((known) => known === failure.code) ?? 'engine_failure'
    throw new TrainyardError(code, { detail: failure.message, hint: failure.hint, issues: failure.issues ?? [] })
  }
  if (state === 'cancelled') throw new TrainyardError('conflict', { detail: 'The prediction was cancelled.' })
  return result?.kind === 'predict' ? result.predictions : null
}
