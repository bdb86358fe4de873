// Validation of a training configuration, alone and against a model and a dataset.

import type { Issue } from '@trainyard/errors'
import { elementCount, type Shape } from '../core/tensor.ts'
import { validateAugmentation } from './augmentation-config.ts'
import { parseWithIssues } from './issues.ts'
import type { ModelSpec } from './model-spec.ts'
import { type ResolvedModel, resolveModel } from './resolve-model.ts'
import { suggest } from './suggest.ts'
import { type LossConfig, type TrainingConfig, trainingConfigSchema } from './training-config.ts'

export type TrainingValidation =
  | { readonly ok: true; readonly training: TrainingConfig }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** What a dataset offers, as in its manifest. */
export interface DatasetDescription {
  readonly input: { readonly shape: Shape }
  readonly target: { readonly kind: 'class'; readonly classes: readonly string[] } | { readonly kind: 'value'; readonly size: number }
  /** Names of its splits; where given, `evaluate.split` must be one of them. */
  readonly splits?: readonly string[]
  /** Rows of its training split; where given, they must make a batch. */
  readonly trainRows?: number
}

export interface ValidateTrainingOptions {
  /** Paths of both in what the user sent. Default: `model` and `training`. */
  readonly modelPath?: string
  readonly trainingPath?: string
}

/** Most float32 values of one batch's activations: 16 GB. The planner estimates exactly; this stops what no machine can hold. */
const BATCH_ACTIVATIONS_MAX = 4_000_000_000

/** Checks a training configuration from outside and fills in its defaults. */
export function validateTrainingConfig(json: unknown, { path = '' }: { readonly path?: string } = {}): TrainingValidation {
  const parsed = parseWithIssues(trainingConfigSchema, json, path)
  return parsed.ok ? { ok: true, training: parsed.value } : parsed
}

/**
 * Whether model, training and data fit together. Both must be valid by themselves. Empty when all is well.
 * @example validateTraining(spec, training, { input: manifest.input, target: manifest.target, splits: Object.keys(manifest.splits) })
 */
export function validateTraining(
  spec: ModelSpec,
  training: TrainingConfig,
  dataset: DatasetDescription,
  { modelPath = 'model', trainingPath = 'training' }: ValidateTrainingOptions = {},
): readonly Issue[] {
  const model = resolveModel(spec)
  return [
    ...checkInput(model, dataset, modelPath),
    ...checkTarget(model, training.loss, dataset, modelPath, trainingPath),
    ...checkBatch(model, training, trainingPath),
    ...checkSplit(training, dataset, trainingPath),
    ...checkDropLast(training, dataset, trainingPath),
    ...validateAugmentation(training.augmentation, dataset.input.shape, `${trainingPath}.augmentation`),
  ]
}

/** A vector input takes images too, as the same numbers in the order of memory. */
function checkInput({ draft }: ResolvedModel, { input }: DatasetDescription, modelPath: string): readonly Issue[] {
  return draft.inputs.flatMap(({ path, shape }): Issue[] => {
    if (shape === null || shape.join() === input.shape.join()) return []
    if (shape.length === 1 && elementCount(shape) === elementCount(input.shape)) return []
    const given = input.shape.join(', ')
    return [
      {
        path: `${modelPath}.${path}`,
        code: 'input_shape_mismatch',
        message: `The model takes rows of shape [${shape.join(', ')}], but those of the dataset have [${given}].`,
        hint: `Set the model's input shape to [${given}].`,
      },
    ]
  })
}

/** Loss → the target that it is for. */
const TARGETS = { softmax_cross_entropy: 'class', squared_error: 'value' } as const satisfies Record<LossConfig['type'], string>

function checkTarget(
  { draft, layers }: ResolvedModel,
  loss: LossConfig,
  { target }: DatasetDescription,
  modelPath: string,
  trainingPath: string,
): readonly Issue[] {
  const width = target.kind === 'class' ? target.classes.length : target.size
  const what = target.kind === 'class' ? `${width} classes` : `${width} values per row`
  if (TARGETS[loss.type] !== target.kind) {
    const isClass = target.kind === 'class'
    const message = `The loss "${loss.type}" is for ${isClass ? 'value' : 'class'} targets, but the dataset has ${what}.`
    const hint = isClass
      ? 'Use "softmax_cross_entropy", or prepare the dataset with target_kind "value".'
      : 'Use "squared_error", or prepare the dataset with target_kind "class".'
    return [{ path: `${trainingPath}.loss.type`, code: 'loss_target_mismatch', message, hint }]
  }
  const last = layers.find(({ id }) => id === draft.outputs?.[0])
  if (last === undefined) return []
  const path = `${modelPath}.${last.path}`
  const shape = last.output.join(', ')
  if (last.output.length !== 1) {
    const message = `The model's output "${last.id}" has the shape [${shape}]. Expected a vector of ${width} for the dataset's ${what}.`
    return [{ path, code: 'wrong_output_rank', message, hint: `End the model with "flatten" and a dense layer of ${width} units.` }]
  }
  if (last.output[0] === width) return []
  const message = `The model's output "${last.id}" has ${shape} values, but the dataset has ${what}.`
  return [{ path, code: 'wrong_output_width', message, hint: `Use ${width} units in the last layer (option "classes" of most presets).` }]
}

function checkBatch({ layers }: ResolvedModel, { batch_size }: TrainingConfig, trainingPath: string): readonly Issue[] {
  const perRow = layers.reduce((sum, { activations }) => sum + activations, 0)
  if (perRow * batch_size <= BATCH_ACTIVATIONS_MAX) return []
  const most = Math.max(1, Math.floor(BATCH_ACTIVATIONS_MAX / perRow))
  const message = `A batch of ${batch_size} rows has ${perRow * batch_size} activations. Expected at most ${BATCH_ACTIVATIONS_MAX}.`
  return [{ path: `${trainingPath}.batch_size`, code: 'batch_too_large', message, hint: `Use a batch size of at most ${most}.` }]
}

function checkSplit({ evaluate }: TrainingConfig, { splits }: DatasetDescription, trainingPath: string): readonly Issue[] {
  if (evaluate.split === undefined || splits === undefined || splits.includes(evaluate.split)) return []
  const message = `The dataset has no split "${evaluate.split}".`
  return [{ path: `${trainingPath}.evaluate.split`, code: 'unknown_split', message, hint: suggest(evaluate.split, splits, 'splits') }]
}

function checkDropLast(
  { drop_last, batch_size, sample_limit }: TrainingConfig,
  { trainRows }: DatasetDescription,
  trainingPath: string,
): readonly Issue[] {
  if (!drop_last || trainRows === undefined) return []
  const rows = Math.min(trainRows, sample_limit ?? trainRows)
  if (rows >= batch_size) return []
  const message = `With drop_last, the ${rows} training rows make no batch of ${batch_size}.`
  return [
    { path: `${trainingPath}.drop_last`, code: 'no_full_batch', message, hint: `Use a batch size of at most ${rows}, or no drop_last.` },
  ]
}
