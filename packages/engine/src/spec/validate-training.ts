// Validation of a training configuration, alone and against a model and a dataset.

import type { Issue } from '@trainyard/errors'
import { validateAugmentation } from './augmentation-config.ts'
import { checkBatchStatistics } from './batch-statistics.ts'
import { checkInputs, type DatasetInputs } from './check-inputs.ts'
import { type DatasetTargets, describeTarget, seriesPrefix, type TrainedHead, trainedHeads } from './head-config.ts'
import { formatPath, parseWithIssues } from './issues.ts'
import { fitLoss, type TargetDescription } from './loss-config.ts'
import { evaluationSeries, type MetricTarget, metricsFor, metricTarget } from './metric-config.ts'
import type { ModelSpec } from './model-spec.ts'
import { frozenByGroups } from './optimizer-config.ts'
import { type ResolvedModel, resolveModel } from './resolve-model.ts'
import { checkTrainable, selectTrained } from './select-trained.ts'
import { suggest } from './suggest.ts'
import { type TrainingConfig, trainingConfigSchema } from './training-config.ts'
import { matches } from './transfer-plan.ts'

export type TrainingValidation =
  | { readonly ok: true; readonly training: TrainingConfig }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** What a dataset offers, as in its manifest. */
export interface DatasetDescription extends DatasetInputs, DatasetTargets {
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
  const untrainable = checkTrainable(spec, training, trainingPath)
  if (untrainable.length > 0) return untrainable
  const model = resolveModel(selectTrained(spec, training))
  const heads = trainedHeads(training, model.draft.outputs ?? []).map((head) => describeHead(head, dataset, trainingPath))
  const compared = heads.flatMap((head) => (head.target === null ? [] : [{ ...head, target: head.target }]))
  return [
    ...checkInputs(model, training.inputs, dataset, modelPath, trainingPath),
    ...heads.flatMap((head) => checkTargetExists(head, dataset)),
    ...compared.flatMap((head) => checkTarget(model, head, modelPath)),
    ...compared.flatMap((head) => checkClassWeights(head)),
    ...checkGroups(model, training, trainingPath),
    ...checkBatch(model, training, trainingPath),
    ...checkBatchStatistics(model, training.batch_size, modelPath),
    ...compared.flatMap((head) => checkAskedMetrics(head)),
    ...checkEvaluateMetrics(training, trainingPath),
    ...checkDeciding(training, compared, dataset, trainingPath),
    ...checkSchedule(training, trainingPath),
    ...checkSplit(training, dataset, trainingPath),
    ...checkDropLast(training, dataset, trainingPath),
    ...validateAugmentation(training.augmentation, dataset.input.shape, `${trainingPath}.augmentation`),
  ]
}

/** A head with what the dataset compares it with, and where it stands in what the user sent. */
interface DescribedHead<T = TargetDescription | null> {
  readonly head: TrainedHead
  readonly target: T
  /** Of `loss`, `target` and `metrics`. */
  readonly path: string
  readonly metricsPath: string
}

function describeHead(head: TrainedHead, dataset: DatasetTargets, trainingPath: string): DescribedHead {
  const path = head.name === null ? trainingPath : formatPath(`${trainingPath}.heads`, [head.name])
  const metricsPath = head.name === null ? `${trainingPath}.evaluate.metrics` : `${path}.metrics`
  return { head, target: describeTarget(head.target, dataset), path, metricsPath }
}

function checkTargetExists({ head, target, path }: DescribedHead, { targetColumns = [] }: DatasetTargets): readonly Issue[] {
  if (target !== null) return []
  if (typeof head.target === 'string') {
    const message = 'The dataset has no coarse classes.'
    const hint = 'Use "label", or prepare the dataset with a column of coarse classes.'
    return [{ path: `${path}.target`, code: 'no_coarse_classes', message, hint }]
  }
  return head.target.columns.flatMap((column, i): Issue[] => {
    if (targetColumns.includes(column)) return []
    const message = `The dataset has no target "${column}".`
    const hint = targetColumns.length === 0 ? 'Columns are chosen among value targets only.' : suggest(column, targetColumns, 'targets')
    return [{ path: formatPath(path, ['target', 'columns', i]), code: 'no_such_column', message, hint }]
  })
}

function checkTarget(
  { draft, layers }: ResolvedModel,
  { head, target, path: headPath }: DescribedHead<TargetDescription>,
  modelPath: string,
): readonly Issue[] {
  const { loss, name } = head
  const what = target.kind === 'class' ? `${target.classes.length} classes` : `${target.size} values per row`
  const fit = fitLoss(loss, target)
  if (!fit.fits) {
    const message = `The loss "${loss.type}" is for ${fit.takes}, but the ${name === null ? 'dataset' : 'target'} has ${what}.`
    return [{ path: `${headPath}.loss.type`, code: 'loss_target_mismatch', message, hint: fit.hint }]
  }
  const widths = fit.widths.join(' or ')
  const last = layers.find(({ id }) => id === (name ?? draft.outputs?.[0]))
  if (last === undefined) return []
  const path = `${modelPath}.${last.path}`
  const shape = last.output.join(', ')
  if (last.output.length !== 1) {
    const message = `The model's output "${last.id}" has the shape [${shape}]. Expected a vector of ${widths} for the dataset's ${what}.`
    return [{ path, code: 'wrong_output_rank', message, hint: `End the model with "flatten" and a dense layer of ${widths} units.` }]
  }
  if (fit.widths.some((width) => width === last.output[0])) return []
  const message = `The model's output "${last.id}" has ${shape} values, but the dataset has ${what}, and "${loss.type}" takes ${widths}.`
  return [{ path, code: 'wrong_output_width', message, hint: `Use ${widths} units in the last layer (option "classes" of most presets).` }]
}

function checkClassWeights({ head: { loss }, target, path }: DescribedHead<TargetDescription>): readonly Issue[] {
  if (loss.type !== 'softmax_cross_entropy' || !Array.isArray(loss.class_weights) || target.kind !== 'class') return []
  const { length } = target.classes
  if (loss.class_weights.length === length) return []
  const message = `There are ${loss.class_weights.length} class weights, but the dataset has ${length} classes.`
  const hint = 'Give one weight per class, in the order of the dataset\'s classes, or "balanced".'
  return [{ path: `${path}.loss.class_weights`, code: 'wrong_class_weights', message, hint }]
}

/** Every pattern must name a parameter, and something must be left to train. */
function checkGroups({ layers }: ResolvedModel, { optimizer }: TrainingConfig, trainingPath: string): readonly Issue[] {
  const names = layers.flatMap(({ parameters }) => parameters.map(({ name }) => name))
  const groups = optimizer.parameter_groups
  const issues = groups.flatMap(({ parameters }, group) =>
    parameters.flatMap((pattern, index): Issue[] => {
      if (names.some((name) => matches(pattern, name))) return []
      const path = `${trainingPath}.optimizer.parameter_groups[${group}].parameters[${index}]`
      return [{ path, code: 'unknown_parameter', message: `"${pattern}" fits no parameter.`, hint: suggest(pattern, names, 'parameters') }]
    }),
  )
  if (names.length > 0 && frozenByGroups(names, groups).length === names.length) {
    const message = 'All parameters are frozen: nothing is left to train.'
    const path = `${trainingPath}.optimizer.parameter_groups`
    issues.push({ path, code: 'nothing_to_train', message, hint: 'Freeze fewer parameters, or submit an evaluation.' })
  }
  return issues
}

function checkBatch({ layers }: ResolvedModel, { batch_size }: TrainingConfig, trainingPath: string): readonly Issue[] {
  const perRow = layers.reduce((sum, { activations }) => sum + activations, 0)
  if (perRow * batch_size <= BATCH_ACTIVATIONS_MAX) return []
  const most = Math.max(1, Math.floor(BATCH_ACTIVATIONS_MAX / perRow))
  const message = `A batch of ${batch_size} rows has ${perRow * batch_size} activations. Expected at most ${BATCH_ACTIVATIONS_MAX}.`
  return [{ path: `${trainingPath}.batch_size`, code: 'batch_too_large', message, hint: `Use a batch size of at most ${most}.` }]
}

const METRIC_TARGET_NAMES: { readonly [T in MetricTarget]: string } = {
  class: 'class targets',
  hierarchy: 'class targets',
  labels: 'labels',
  value: 'value targets',
}

/** What is asked for must be measurable. */
function checkAskedMetrics({ head, target, metricsPath }: DescribedHead<TargetDescription>): readonly Issue[] {
  const kind = metricTarget(target, head.loss)
  const known = metricsFor(kind)
  return (head.metrics ?? []).flatMap((name, index): Issue[] => {
    if (known.includes(name)) return []
    const message = `The metric "${name}" is not for ${METRIC_TARGET_NAMES[kind]}.`
    const hint = `Use some of ${known.join(', ')}.`
    return [{ path: `${metricsPath}[${index}]`, code: 'metric_target_mismatch', message, hint }]
  })
}

function checkEvaluateMetrics({ heads, evaluate }: TrainingConfig, trainingPath: string): readonly Issue[] {
  if (heads === undefined || evaluate.metrics === undefined) return []
  const message = 'The training has heads, whose targets differ: "evaluate.metrics" does not say which it is for.'
  return [
    { path: `${trainingPath}.evaluate.metrics`, code: 'contradictory_options', message, hint: 'Give "metrics" in the heads instead.' },
  ]
}

/** What decides must be measured. */
function checkDeciding(
  { evaluate, schedule, early_stopping: stopping }: TrainingConfig,
  heads: readonly DescribedHead<TargetDescription>[],
  { splits }: DatasetDescription,
  trainingPath: string,
): readonly Issue[] {
  const issues: Issue[] = []
  const deciding = [
    ...(schedule.type === 'reduce_on_plateau' ? [{ path: `${trainingPath}.schedule.metric`, metric: schedule.metric }] : []),
    ...(stopping === undefined ? [] : [{ path: `${trainingPath}.early_stopping.metric`, metric: stopping.metric }]),
  ]
  const ofHeads = heads.flatMap(({ head, target }) =>
    evaluationSeries(metricTarget(target, head.loss), evaluate.top_k, seriesPrefix(head.name)),
  )
  const series = [...new Set(['eval/loss', ...ofHeads])]
  const isEvaluated = splits === undefined || evaluate.split !== undefined || splits.includes('test')
  for (const { path, metric } of deciding) {
    if (!series.includes(metric)) {
      issues.push({
        path,
        code: 'unknown_metric',
        message: `No evaluation has a series "${metric}".`,
        hint: suggest(metric, series, 'series'),
      })
    } else if (!isEvaluated) {
      const message = `"${metric}" decides, but nothing is evaluated: the dataset has no split "test".`
      issues.push({
        path,
        code: 'no_evaluation',
        message,
        hint: 'Name a split in "evaluate.split", or prepare the dataset with a test split.',
      })
    }
  }
  return issues
}

function checkSchedule({ schedule, optimizer, max_steps: maxSteps }: TrainingConfig, trainingPath: string): readonly Issue[] {
  const issues: Issue[] = []
  if ('minimum' in schedule && schedule.minimum > optimizer.learning_rate) {
    const message = `The schedule's minimum is ${schedule.minimum}, more than the learning rate ${optimizer.learning_rate}.`
    const hint = `Use a minimum of at most ${optimizer.learning_rate}.`
    issues.push({ path: `${trainingPath}.schedule.minimum`, code: 'contradictory_options', message, hint })
  }
  if ('warmup' in schedule && schedule.warmup !== undefined && maxSteps !== undefined && schedule.warmup.steps >= maxSteps) {
    const message = `The warm-up takes ${schedule.warmup.steps} steps, but the run has ${maxSteps}.`
    issues.push({ path: `${trainingPath}.schedule.warmup.steps`, code: 'contradictory_options', message, hint: 'Use a shorter warm-up.' })
  }
  return issues
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
