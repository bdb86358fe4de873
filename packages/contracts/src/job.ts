// Jobs: what a client submits and what it polls.

import {
  type HeadTarget,
  lossConfigSchema,
  metricNameSchema,
  modelSpecSchema,
  optimizerConfigSchema,
  resolveClassWeights,
  type TrainingConfig,
  trainingConfigSchema,
} from '@trainyard/engine/spec'
import { z } from 'zod'
import type { DatasetManifest, DatasetTarget } from './dataset-manifest.ts'
import { idSchema } from './ids.ts'
import { wireNumberSchema } from './number.ts'
import { actionSchema, failureSchema, jobKindSchema, jobStateSchema, runPhaseSchema, runStateSchema } from './states.ts'

const nameSchema = z.string().min(1).max(200).meta({ description: 'A name for people; need not be unique.' })

/** A dataset (its newest ready version) or one version. */
const datasetReferenceSchema = z
  .union([idSchema('dataset'), idSchema('dataset_version')])
  .meta({ description: 'A dataset id (its newest ready version is used) or a dataset version id.' })

/** Layer selectors are layer ids or patterns with `*` (`conv*`). */
const layerSelectorSchema = z.string().min(1).max(200)

export const transferSchema = z.strictObject({
  checkpoint_id: idSchema('checkpoint'),
  include: z
    .array(layerSelectorSchema)
    .max(1000)
    .optional()
    .meta({ description: 'Layers to copy by name. Default: all that both models have.' }),
  exclude: z.array(layerSelectorSchema).max(1000).default([]).meta({ description: 'Layers not to copy: they begin anew (a new head).' }),
  freeze: z.array(layerSelectorSchema).max(1000).default([]).meta({ description: 'Layers whose parameters do not change.' }),
})
export type Transfer = z.infer<typeof transferSchema>

/** The engine's configuration, in which what follows from the data may be left out. */
export const submittedTrainingSchema = trainingConfigSchema
  .extend({
    loss: lossConfigSchema.optional().meta({ description: 'Default: softmax_cross_entropy for classes, squared_error for values.' }),
    optimizer: optimizerConfigSchema.prefault({ type: 'adam' }),
  })
  .check((context) => {
    const { heads } = context.value
    if (heads === undefined) return
    for (const field of ['loss', 'target'] as const) {
      if (context.value[field] === undefined) continue
      context.issues.push({
        code: 'custom',
        input: context.value[field],
        path: [field],
        message: `The training has "${field}" and "heads", each of which has a ${field}.`,
        params: { code: 'contradictory_options', hint: 'Give one of both.' },
      })
    }
  })
export type SubmittedTraining = z.infer<typeof submittedTrainingSchema>

const DEFAULT_LOSS = {
  class: { type: 'softmax_cross_entropy', label_smoothing: 0 },
  multi_label: { type: 'binary_cross_entropy', positive_weight: 1 },
  value: { type: 'squared_error', reduction: 'mean' },
  none: { type: 'squared_error', reduction: 'mean' },
} as const satisfies Record<DatasetTarget['kind'], TrainingConfig['loss']>

/** Fills in what follows from the data: the loss, and balanced class weights. */
export function resolveTraining(
  training: SubmittedTraining,
  { target, splits }: Pick<DatasetManifest, 'target' | 'splits'>,
): TrainingConfig {
  const counts = splits.train?.class_counts ?? []
  const { heads, target: compared = 'label' } = training
  const own = compared === 'coarse' ? coarseCounts(target, counts) : counts
  const loss = resolveClassWeights(training.loss ?? defaultLoss(target, compared), own)
  if (heads === undefined) return { ...training, loss }
  const resolved = Object.entries(heads).map(([name, head]) => {
    const own = head.target === 'coarse' ? coarseCounts(target, counts) : counts
    return [name, { ...head, loss: resolveClassWeights(head.loss, own) }] as const
  })
  return { ...training, loss, heads: Object.fromEntries(resolved) }
}

function defaultLoss({ kind }: DatasetTarget, compared: HeadTarget): TrainingConfig['loss'] {
  if (compared === 'label') return DEFAULT_LOSS[kind]
  return DEFAULT_LOSS[compared === 'coarse' ? 'class' : 'value']
}

/** Rows of each coarse class. */
function coarseCounts(target: DatasetTarget, counts: readonly number[]): readonly number[] {
  if (target.kind !== 'class' || target.coarse === undefined) return []
  const { classes, of } = target.coarse
  return classes.map((_, coarse) => counts.reduce((sum, rows, index) => sum + (of[index] === coarse ? rows : 0), 0))
}

/** How a job is scheduled; of every kind that a client submits. */
const schedulingShape = {
  priority: z
    .int()
    .min(-100)
    .max(100)
    .meta({ description: 'Among the waiting jobs of the project: higher comes first. Between projects shares decide.' }),
  max_runtime_s: z.int().min(1).max(31_536_000).meta({
    description: 'Seconds that the job may be running, over all attempts and without waiting. Then it saves and fails with `timeout`.',
  }),
}

export const trainJobSchema = z.strictObject({
  kind: z.literal('train'),
  name: nameSchema.optional(),
  priority: schedulingShape.priority.default(0),
  max_runtime_s: schedulingShape.max_runtime_s.optional(),
  model: z.union([idSchema('model'), modelSpecSchema]).meta({ description: 'A stored model by id, or a specification.' }),
  dataset: datasetReferenceSchema,
  training: submittedTrainingSchema.prefault({}),
  transfer: transferSchema.optional(),
})

export const evaluateJobSchema = z.strictObject({
  kind: z.literal('evaluate'),
  name: nameSchema.optional(),
  priority: schedulingShape.priority.default(0),
  max_runtime_s: schedulingShape.max_runtime_s.optional(),
  checkpoint_id: idSchema('checkpoint'),
  dataset: datasetReferenceSchema,
  split: z.string().min(1).max(50).default('test'),
  batch_size: z.int().min(1).max(65536).default(256),
  metrics: z.array(metricNameSchema).max(20).optional().meta({ description: 'Default: those that the training run evaluated.' }),
})

export const submitJobSchema = z.discriminatedUnion('kind', [trainJobSchema, evaluateJobSchema])
export type SubmitJob = z.infer<typeof submitJobSchema>

export const retryJobSchema = z
  .strictObject({
    resume: z.boolean().default(true).meta({ description: 'Go on from the last checkpoint of the job; false begins anew.' }),
    priority: schedulingShape.priority.optional().meta({ description: 'Default: that of the job.' }),
    max_runtime_s: schedulingShape.max_runtime_s
      .nullable()
      .optional()
      .meta({ description: 'null lifts the limit. Default: that of the job.' }),
  })
  .prefault({})

/** Nested numbers: one raw sample, in the shape that the dataset had (images as [C][H][W] of 0–255). */
export type NestedNumbers = number | NestedNumbers[]
export const nestedNumbersSchema: z.ZodType<NestedNumbers> = z
  .lazy(() => z.union([z.number(), z.array(nestedNumbersSchema)]))
  .meta({ id: 'NestedNumbers', description: 'One sample as nested arrays of numbers, or as one flat array.' })

/** A row of a table by the names of its columns; columns that are left out are missing values. */
export const namedInputSchema = z.record(z.string().max(1000), z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()])).meta({
  id: 'NamedInput',
  description: 'One row by the names of its columns, as it was uploaded: texts for categories, null where a value is missing.',
})
export type NamedInput = z.infer<typeof namedInputSchema>

export const predictInputSchema = z.union([nestedNumbersSchema, namedInputSchema])
export type PredictInput = NestedNumbers | NamedInput

/** A picture as it was sent: PNG, JPEG or WebP. */
export const encodedPictureSchema = z.object({ name: z.string(), base64: z.string() })
export type EncodedPicture = z.infer<typeof encodedPictureSchema>

export const predictRequestSchema = z.strictObject({
  inputs: z.array(predictInputSchema).min(1).max(1000),
  top_k: z.int().min(1).max(1000).default(1).meta({ description: 'How many of the most likely classes to name.' }),
})
export type PredictRequest = z.infer<typeof predictRequestSchema>

const headPredictionSchema = z.object({
  outputs: z.array(wireNumberSchema).meta({ description: 'Values, or for classes the logarithms of their probabilities.' }),
  classes: z
    .array(z.object({ label: z.string(), index: z.int(), probability: wireNumberSchema }))
    .optional()
    .meta({ description: 'Class targets only: most likely first.' }),
})
export type HeadPrediction = z.infer<typeof headPredictionSchema>

export const predictionSchema = headPredictionSchema.extend({
  name: z.string().optional().meta({ description: 'Of the file, where a picture was sent.' }),
  heads: z.record(z.string(), headPredictionSchema).optional().meta({
    description: 'Of a model that was trained with several heads, by output; `outputs` and `classes` are those of the first.',
  }),
})
export type Prediction = z.infer<typeof predictionSchema>

/** Which checkpoints of the run the replay goes between. */
export const verifyRunSchema = z.strictObject({
  from_checkpoint_id: idSchema('checkpoint')
    .optional()
    .meta({ description: 'Default: the one before `to_checkpoint_id`, or the beginning of the run.' }),
  to_checkpoint_id: idSchema('checkpoint').optional().meta({ description: 'Default: the newest of the run.' }),
})
export type VerifyRun = z.infer<typeof verifyRunSchema>

const scoreSchema = z.number().min(0).max(1)

/** How an evaluation went class by class. Macro means are the means of these rows. */
export const evaluationReportSchema = z
  .object({
    classes: z.array(
      z.object({
        label: z.string(),
        support: z.int().meta({ description: 'Rows of the class.' }),
        precision: scoreSchema.meta({ description: 'Share of the rows predicted as the class that are of it; 0 where none was.' }),
        recall: scoreSchema.meta({ description: 'Share of the rows of the class that were found; 0 where there are none.' }),
        f1: scoreSchema.meta({ description: '2 · precision · recall / (precision + recall).' }),
      }),
    ),
    confusion_matrix: z.array(z.array(z.int())).nullable().meta({
      description: 'Rows by actual class (outer) and predicted class (inner); null for several labels and for more than 100 classes.',
    }),
  })
  .meta({ id: 'EvaluationReport' })
export type EvaluationReport = z.infer<typeof evaluationReportSchema>

const headEvaluationsSchema = z.record(z.string(), evaluationReportSchema).optional().meta({
  description: 'In place of `evaluation` where the model has several heads: by output, for those with classes or labels.',
})

/** What a finished run found. */
export const runResultSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('train'),
    steps: z.int(),
    epochs: z.number(),
    metrics: z.record(z.string(), wireNumberSchema),
    seconds: z.number().meta({ description: 'Seconds in the trainer, without waiting in the queue.' }),
    samples_per_second: z.number(),
    evaluation: evaluationReportSchema.optional().meta({ description: 'Of the final model; absent for values and without evaluation.' }),
    head_evaluations: headEvaluationsSchema,
    ended_by: z
      .enum(['completed', 'early_stopping', 'stop_when'])
      .optional()
      .meta({ description: 'All steps were done, or an evaluation improved no more, or a metric was good enough. Absent in old results.' }),
    best: z
      .object({ metric: z.string(), step: z.int(), value: wireNumberSchema, restored: z.boolean() })
      .optional()
      .meta({ description: 'With early stopping: the best evaluation, and whether the final checkpoint holds its weights.' }),
  }),
  z.object({
    kind: z.literal('evaluate'),
    split: z.string(),
    rows: z.int(),
    metrics: z.record(z.string(), wireNumberSchema),
    evaluation: evaluationReportSchema.optional().meta({ description: 'Absent for values.' }),
    head_evaluations: headEvaluationsSchema,
    seconds: z.number(),
  }),
  z.object({ kind: z.literal('predict'), predictions: z.array(predictionSchema) }),
  z.object({ kind: z.literal('prepare'), rows: z.int(), digest: z.string() }),
  z.object({
    kind: z.literal('verify'),
    run_id: idSchema('run'),
    from_step: z.int(),
    to_step: z.int(),
    equal: z.boolean().meta({
      description:
        'Whether the replay gave the same file, bit by bit: weights, optimizer, metrics and everything else that a checkpoint holds.',
    }),
    sha256: z.string(),
    expected_sha256: z.string(),
    same_fingerprint: z.boolean().meta({
      description:
        'Another engine, backend, instruction set, number of threads or handling of denormal numbers computes other bits: then `equal` proves nothing.',
    }),
    fingerprint: z.string(),
    expected_fingerprint: z.string(),
    seconds: z.number(),
  }),
])
export type RunResult = z.infer<typeof runResultSchema>

/** What the planner knows before the first step. */
export const runPlanSchema = z.object({
  backend: z.enum(['reference', 'onednn']),
  parameters: z.int(),
  trainable_parameters: z.int(),
  flops_per_step: z.number(),
  memory_bytes: z.number(),
  total_steps: z.int(),
  steps_per_epoch: z.int(),
  transfer: z
    .array(
      z.object({ parameter: z.string(), action: z.enum(['loaded', 'reinitialized', 'skipped']), frozen: z.boolean(), reason: z.string() }),
    )
    .optional()
    .meta({ description: 'Layer by layer what a transfer does; absent without one.' }),
})
export type RunPlan = z.infer<typeof runPlanSchema>

export const progressSchema = z.object({
  phase: runPhaseSchema.nullable(),
  step: z.int(),
  total_steps: z.int().nullable(),
  epoch: z.number().nullable(),
  total_epochs: z.number().nullable(),
  samples_per_second: z.number().nullable(),
  eta_seconds: z.number().nullable(),
})
export type Progress = z.infer<typeof progressSchema>

const timestampSchema = z.iso.datetime().meta({ description: 'RFC 3339, UTC.' })

export const jobSchema = z.object({
  id: idSchema('job'),
  object: z.literal('job'),
  kind: jobKindSchema,
  name: z.string().nullable(),
  state: jobStateSchema,
  terminal: z
    .boolean()
    .meta({ description: 'True when the state will not change any more. Test this, not the state: states may be added.' }),
  allowed_actions: z.array(actionSchema),
  cancel_requested: z.boolean(),
  pause_requested: z.boolean().meta({ description: 'A running job saves and stops soon; it is `paused` then.' }),
  priority: z.int(),
  max_runtime_s: z.int().nullable(),
  retry_of: idSchema('job').nullable().meta({ description: 'The job that this one repeats.' }),
  run_ids: z.array(idSchema('run')),
  progress: progressSchema,
  metrics: z.record(z.string(), wireNumberSchema).meta({ description: 'Newest value of each metric.' }),
  result: runResultSchema.nullable(),
  failure: failureSchema.nullable(),
  created_at: timestampSchema,
  started_at: timestampSchema.nullable(),
  finished_at: timestampSchema.nullable(),
})
export type Job = z.infer<typeof jobSchema>

export const runSchema = z.object({
  id: idSchema('run'),
  object: z.literal('run'),
  job_id: idSchema('job'),
  state: runStateSchema,
  terminal: z.boolean(),
  attempts: z.int(),
  progress: progressSchema,
  plan: runPlanSchema.nullable(),
  metrics: z.record(z.string(), wireNumberSchema),
  result: runResultSchema.nullable(),
  failure: failureSchema.nullable(),
  checkpoint_id: idSchema('checkpoint').nullable().meta({ description: 'The newest one; the final one when the run succeeded.' }),
  fingerprint: z.string().nullable().meta({
    description: 'What decides the bits of the result: engine, backend, instruction set, threads, whether denormal numbers are kept.',
  }),
  created_at: timestampSchema,
  started_at: timestampSchema.nullable(),
  finished_at: timestampSchema.nullable(),
})
export type Run = z.infer<typeof runSchema>
