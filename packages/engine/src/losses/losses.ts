// What each loss of a training configuration becomes: the targets it takes, the ops of its value, and what the model predicts under it.

import type { TensorId, TensorType } from '../core/tensor.ts'
import type { EmitOptions, PointwiseLossAttributes, ProgramBuilder } from '../ops/index.ts'
import type { LossConfig } from '../spec/loss-config.ts'

export interface LossOperands {
  /** The model's output [N, …]. */
  readonly output: TensorId
  readonly targets: TensorId
  /** Real rows of the batch, [1]. */
  readonly count: TensorId
  /** Appended to the names of results, which are unique in a program. */
  readonly suffix: string
}

export interface LossRule<C> {
  /** Targets for an output of that type. Class labels 0 and 1 may be written into a real tensor [N, 1]. */
  targets(output: TensorType): TensorType
  /** Values that targets may have, where the loss is not defined for all. */
  readonly targetRange: readonly [low: number, high: number] | null
  /** [1] */
  value(builder: ProgramBuilder, operands: LossOperands, config: C): TensorId
  /** Rows that the model gets right, [1]; null where that has no meaning. */
  readonly correct: ((builder: ProgramBuilder, operands: LossOperands) => TensorId | null) | null
  /** Predictions of the model: the output itself, or probabilities. */
  predictions(builder: ProgramBuilder, operands: Pick<LossOperands, 'output' | 'suffix'>): TensorId
  /** Weight of each class in the mean of a batch; null where every row weighs the same. */
  classWeights(config: C): readonly number[] | null
}

type RuleOf<T extends LossConfig['type']> = LossRule<Extract<LossConfig, { type: T }>>

const UNWEIGHTED = () => null

/** A loss over numbers of the output's shape. */
function pointwise<C>(attributes: (config: C) => PointwiseLossAttributes): Omit<LossRule<C>, 'predictions'> {
  return {
    targets: ({ shape }) => ({ shape, type: 'real' }),
    targetRange: null,
    value: (builder, { output, targets, count, suffix }, config) =>
      first(builder.emit('pointwise_loss', [output, targets, count], attributes(config), result('loss', suffix))),
    correct: null,
    classWeights: UNWEIGHTED,
  }
}

type Predictions = LossRule<unknown>['predictions']

const outputItself: Predictions = (builder, { output, suffix }) => {
  builder.assignRole(output, 'output', `predictions${suffix}`)
  return output
}

const softmaxOf: Predictions = (builder, { output, suffix }) => first(builder.emit('softmax', [output], {}, result('predictions', suffix)))

const sigmoidOf: Predictions = (builder, { output, suffix }) =>
  first(builder.emit('activation', [output], { function: 'sigmoid', alpha: 0 }, result('predictions', suffix)))

const binaryCorrect: RuleOf<'hinge'>['correct'] = (builder, { output, targets, count, suffix }) =>
  first(builder.emit('binary_correct_count', [output, targets, count], {}, result('correct', suffix)))

const labelCorrect: RuleOf<'hinge'>['correct'] = (builder, { output, targets, count, suffix }) =>
  first(builder.emit('correct_count', [output, targets, count], {}, result('correct', suffix)))

const isOneOutput = ({ shape }: TensorType) => shape.length === 2 && shape[1] === 1

export const LOSSES: { readonly [T in LossConfig['type']]: RuleOf<T> } = {
  softmax_cross_entropy: {
    targets: ({ shape: [rows = 0] }) => ({ shape: [rows], type: 'index' }),
    targetRange: null,
    value: (builder, { output, targets, count, suffix }, config) => {
      const attributes = { labelSmoothing: config.label_smoothing, classWeights: numericWeights(config) }
      return first(builder.emit('softmax_cross_entropy', [output, targets, count], attributes, result('loss', suffix)))
    },
    correct: labelCorrect,
    predictions: softmaxOf,
    classWeights: numericWeights,
  },
  binary_cross_entropy: {
    ...pointwise(({ positive_weight }) => ({ loss: 'binary_cross_entropy', parameter: positive_weight, reduction: 'mean' })),
    targetRange: [0, 1],
    // Images have no rows that are right or wrong.
    correct: (builder, operands) => (builder.type(operands.output).shape.length === 2 ? binaryCorrect(builder, operands) : null),
    predictions: sigmoidOf,
  },
  squared_error: {
    ...pointwise(({ reduction }) => ({ loss: 'squared_error', parameter: 0, reduction })),
    predictions: outputItself,
  },
  absolute_error: {
    ...pointwise(() => ({ loss: 'absolute_error', parameter: 0, reduction: 'mean' })),
    predictions: outputItself,
  },
  huber: {
    ...pointwise(({ delta }) => ({ loss: 'huber', parameter: delta, reduction: 'mean' })),
    predictions: outputItself,
  },
  hinge: {
    targets: (output) => (isOneOutput(output) ? { shape: output.shape, type: 'real' } : { shape: output.shape.slice(0, 1), type: 'index' }),
    targetRange: null,
    value: (builder, { output, targets, count, suffix }, { margin }) =>
      isOneOutput(builder.type(output))
        ? first(
            builder.emit(
              'pointwise_loss',
              [output, targets, count],
              { loss: 'hinge', parameter: margin, reduction: 'mean' },
              result('loss', suffix),
            ),
          )
        : first(builder.emit('multi_class_hinge', [output, targets, count], { margin }, result('loss', suffix))),
    correct: (builder, operands) => (isOneOutput(builder.type(operands.output)) ? binaryCorrect : labelCorrect)(builder, operands),
    // Scores as if they were logits: the order is theirs, the probabilities are not calibrated.
    predictions: (builder, operands) => (isOneOutput(builder.type(operands.output)) ? sigmoidOf : softmaxOf)(builder, operands),
    classWeights: UNWEIGHTED,
  },
  kl_divergence: {
    targets: ({ shape }) => ({ shape, type: 'real' }),
    targetRange: [0, Number.POSITIVE_INFINITY],
    value: (builder, { output, targets, count, suffix }) =>
      first(builder.emit('kl_divergence', [output, targets, count], {}, result('loss', suffix))),
    correct: null,
    predictions: softmaxOf,
    classWeights: UNWEIGHTED,
  },
}

function numericWeights({ class_weights: weights }: Extract<LossConfig, { type: 'softmax_cross_entropy' }>): readonly number[] | null {
  if (weights === 'balanced') throw new Error('balanced class weights are numbers by now: resolveClassWeights')
  return weights ?? null
}

function result(name: string, suffix: string): EmitOptions {
  return { origin: 'loss', role: 'output', name: `${name}${suffix}` }
}

function first([tensor]: readonly TensorId[]): TensorId {
  if (tensor === undefined) throw new Error('the op has no output')
  return tensor
}

/** The rule of a loss that is known at run time only. */
export function lossRule<T extends LossConfig['type']>(type: T): RuleOf<T> {
  return LOSSES[type]
}
