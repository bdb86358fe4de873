// The body of a submission: the mistakes of the envelope, of the model and of the training, at once.

import { evaluateJobSchema, type SubmitJob, submitJobSchema, submittedTrainingSchema, trainJobSchema } from '@trainyard/contracts'
import { type Parsed, parseWithIssues } from '@trainyard/engine/spec'
import { parseModelReference, parseParts } from '../models/parse-model.ts'

const trainingSchema = submittedTrainingSchema.prefault({})

export function parseSubmission(body: unknown): Parsed<SubmitJob> {
  const kind = typeof body === 'object' && body !== null && 'kind' in body ? body.kind : undefined
  if (kind === 'evaluate') return parseWithIssues(evaluateJobSchema, body)
  if (kind !== 'train') return parseWithIssues(submitJobSchema, body)
  return parseParts(trainJobSchema, body, {
    model: parseModelReference,
    training: (value, path) => parseWithIssues(trainingSchema, value, path),
  })
}
