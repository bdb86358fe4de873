// The training configuration as on the wire.

import { z } from 'zod'
import { layerIdSchema } from '../layers/layer-config.ts'
import { augmentationSchema } from './augmentation-config.ts'
import { headsSchema, headTargetSchema, inputColumnsSchema } from './head-config.ts'
import { lossConfigSchema } from './loss-config.ts'
import { METRICS_DESCRIPTION, metricNameSchema } from './metric-config.ts'
import { diagnosticsSchema, gradientClippingSchema, optimizerConfigSchema, regularizationSchema } from './optimizer-config.ts'
import { earlyStoppingSchema, scheduleConfigSchema } from './schedule-config.ts'
import { transformsSchema } from './transforms-config.ts'

/** Seeds are 32-bit words of the generator's key. */
export const seedSchema = z.int().min(0).max(4_294_967_295)

const stepCount = z.int().positive().max(1_000_000_000)

export const checkpointPolicySchema = z.strictObject({
  every_epochs: stepCount.optional(),
  every_steps: stepCount.optional(),
  every_seconds: z.number().positive().max(86_400).optional(),
  keep_last: z.int().min(2).max(10_000).default(3).meta({ description: 'How many of the newest are kept; the final one is always.' }),
  keep_best: z.int().min(1).max(10_000).default(1).meta({ description: 'How many of the best by `metric` are kept beside them.' }),
  metric: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'The series that decides which are best. Default: eval/loss, without an evaluation train/loss.' }),
})

export const evaluationPolicySchema = z.strictObject({
  split: z.string().min(1).max(64).optional().meta({ description: 'Default: the test split where the dataset has one.' }),
  every_epochs: stepCount.default(1),
  metrics: z.array(metricNameSchema).max(20).optional().meta({ description: METRICS_DESCRIPTION }),
  top_k: z.int().min(1).max(1000).default(5).meta({ description: 'Most likely classes among which top_k looks for the right one.' }),
})

export const stopConditionSchema = z
  .strictObject({
    metric: z.string().min(1).max(128).meta({ description: 'A metric series of the run, such as train/loss or test/accuracy.' }),
    value: z.number(),
  })
  .meta({ description: 'Ends the run as soon as the metric is at least as good as the value: losses at most, all others at least.' })

/**
 * Everything about a training run but the model and the data.
 * @example { epochs: 12, batch_size: 64, loss: { type: 'softmax_cross_entropy' }, optimizer: { type: 'adam', learning_rate: 0.001 } }
 */
export const trainingConfigSchema = z
  .strictObject({
    epochs: z.int().positive().max(1_000_000).default(1).meta({ description: 'Passes over the training rows.' }),
    max_steps: stepCount.optional().meta({ description: 'Ends earlier, after that many steps.' }),
    batch_size: z.int().positive().max(65_536).default(32).meta({ description: 'Rows per step.' }),
    seed: seedSchema.default(0).meta({ description: 'Decides initial weights, order and samples. 0 to 4294967295.' }),
    loss: lossConfigSchema.prefault({ type: 'softmax_cross_entropy' }),
    optimizer: optimizerConfigSchema.prefault({ type: 'adam' }),
    output: layerIdSchema.optional().meta({
      description: 'Which output of a graph with several to train; what only the others need is left out. Default: the only one.',
    }),
    target: headTargetSchema.optional(),
    heads: headsSchema.optional(),
    inputs: inputColumnsSchema.optional(),
    schedule: scheduleConfigSchema.prefault({ type: 'constant' }),
    regularization: regularizationSchema.prefault({}),
    gradient_clipping: gradientClippingSchema.optional(),
    diagnostics: diagnosticsSchema.prefault({}),
    shuffle: z.boolean().default(true).meta({ description: 'A new order every epoch.' }),
    drop_last: z.boolean().default(false).meta({ description: 'Leaves out the last batch of an epoch where it is not full.' }),
    augmentation: augmentationSchema.default([]),
    normalization: z.enum(['standardize', 'unit']).default('standardize').meta({
      description:
        "'standardize': mean 0 and deviation 1 per channel or column. 'unit': pixels from 0 to 1, columns as they are; for sigmoid outputs.",
    }),
    transforms: transformsSchema.optional().meta({
      description:
        'What is done to every sample, fitted on the training split and kept in the checkpoint, so that predictions take raw samples. Default: missing values filled with the mean, numbers normalized as `normalization` says, categories one-hot.',
    }),
    sample_limit: stepCount.optional().meta({ description: 'Trains on that many rows only, drawn by the seed.' }),
    backend: z.enum(['auto', 'reference', 'onednn']).default('auto'),
    threads: z.int().positive().max(256).optional().meta({ description: 'Default: what the worker grants.' }),
    checkpoint: checkpointPolicySchema.prefault({ every_seconds: 20 }).meta({
      description: 'When to store a checkpoint that a killed run goes on from; {} stores the final one only. Default: every 20 s.',
    }),
    evaluate: evaluationPolicySchema.prefault({}),
    log_every_steps: stepCount
      .optional()
      .meta({ description: 'Steps between two points of train/loss. Default: chosen by the run length.' }),
    stop_when: stopConditionSchema.optional(),
    early_stopping: earlyStoppingSchema.optional(),
  })
  .meta({ id: 'TrainingConfig', description: 'How a model is trained.' })

/** As users write it: fields with defaults may be missing. */
export type TrainingConfigInput = z.input<typeof trainingConfigSchema>
/** With all defaults filled in. */
export type TrainingConfig = z.output<typeof trainingConfigSchema>
