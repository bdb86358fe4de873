// What `?validate_only=true` answers: the checks passed, and this is what the job would do.

import { idSchema, jobKindSchema, toWireId } from '@trainyard/contracts'
import { transformedColumns } from '@trainyard/datasets'
import { estimateTraining } from '@trainyard/engine/plan'
import { placeInputs } from '@trainyard/engine/spec'
import { z } from 'zod'
import type { ResolvedJob } from './resolve-job.service.ts'

export const jobValidationSchema = z.object({
  object: z.literal('job_validation'),
  kind: jobKindSchema,
  dataset_version_id: idSchema('dataset_version'),
  estimate: z
    .object({
      parameters: z.int(),
      trainable_parameters: z.int(),
      memory_bytes: z.number().meta({ description: 'Of the trainer, for tensors: parameters, gradients, optimizer, activations.' }),
      flops_per_step: z.number(),
      steps_per_epoch: z.int(),
      total_steps: z.int(),
    })
    .nullable()
    .meta({ description: 'Of a training; null for other kinds.' }),
  transfer: z
    .array(
      z.object({ parameter: z.string(), action: z.enum(['loaded', 'reinitialized', 'skipped']), frozen: z.boolean(), reason: z.string() }),
    )
    .nullable()
    .meta({ description: 'What a transfer would do with every parameter; null without one.' }),
})

export function serializeValidation({ config, dataset, transfer }: ResolvedJob): z.output<typeof jobValidationSchema> {
  return {
    object: 'job_validation',
    kind: config.kind,
    dataset_version_id: toWireId('dataset_version', dataset.id),
    estimate: config.kind === 'train' ? estimate(config, dataset, transfer) : null,
    transfer: transfer === null ? null : [...transfer],
  }
}

function estimate(
  { spec, training }: Extract<ResolvedJob['config'], { kind: 'train' }>,
  { manifest }: ResolvedJob['dataset'],
  transfer: ResolvedJob['transfer'],
) {
  const frozen = (transfer ?? []).filter((step) => step.frozen).map(({ parameter }) => parameter)
  const features = transformedColumns(manifest, training)
  const inputs = training.inputs && features && placeInputs(training.inputs, features)
  const { parameters, trainableParameters, flops, bytes } = estimateTraining(spec, training, { frozen, inputs })
  const rows = Math.min(manifest.splits.train?.rows ?? 0, training.sample_limit ?? Number.POSITIVE_INFINITY)
  const stepsPerEpoch = Math.ceil(rows / training.batch_size)
  return {
    parameters,
    trainable_parameters: trainableParameters,
    memory_bytes: bytes.total,
    flops_per_step: flops.train,
    steps_per_epoch: stepsPerEpoch,
    total_steps: Math.min(training.epochs * stepsPerEpoch, training.max_steps ?? Number.POSITIVE_INFINITY),
  }
}
