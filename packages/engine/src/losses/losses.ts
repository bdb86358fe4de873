// What each loss of a training configuration becomes: the targets it takes, the ops of its value, and what the model predicts under it.

import type { TensorId, TensorType } from '../core/tensor.ts'
import type { EmitOptions, ProgramBuilder } from '../ops/index.ts'
import type { LossConfig } from '../spec/training-config.ts'

export interface LossOperands {
  /** The model's output [N, …]. */
  readonly output: TensorId
  readonly targets: TensorId
  /** Real rows of the batch, [1]. */
  readonly count: TensorId
}

export interface LossRule<C> {
  /** Targets for an output of that type. */
  targets(output: TensorType): TensorType
  /** [1] */
  value(builder: ProgramBuilder, operands: LossOperands, config: C): TensorId
  /** Rows that the model gets right, [1]; null where that has no meaning. */
  readonly correct: ((builder: ProgramBuilder, operands: LossOperands) => TensorId) | null
  /** Predictions of the model: the output itself, or probabilities. */
  predictions(builder: ProgramBuilder, output: TensorId): TensorId
}

export const LOSSES: { readonly [T in LossConfig['type']]: LossRule<Extract<LossConfig, { type: T }>> } = {
  softmax_cross_entropy: {
    targets: ({ shape: [rows = 0] }) => ({ shape: [rows], type: 'index' }),
    value: (builder, { output, targets, count }) =>
      first(builder.emit('softmax_cross_entropy', [output, targets, count], {}, result('loss'))),
    correct: (builder, { output, targets, count }) => first(builder.emit('correct_count', [output, targets, count], {}, result('correct'))),
    predictions: (builder, output) => first(builder.emit('softmax', [output], {}, result('predictions'))),
  },
  squared_error: {
    targets: ({ shape }) => ({ shape, type: 'real' }),
    value: (builder, { output, targets, count }, { reduction }) =>
      first(builder.emit('squared_error', [output, targets, count], { reduction }, result('loss'))),
    correct: null,
    predictions: (builder, output) => {
      builder.assignRole(output, 'output', 'predictions')
      return output
    },
  },
}

function result(name: string): EmitOptions {
  return { origin: 'loss', role: 'output', name }
}

function first([tensor]: readonly TensorId[]): TensorId {
  if (tensor === undefined) throw new Error('the op has no output')
  return tensor
}

/** The rule of a loss that is known at run time only. */
export function lossRule<T extends LossConfig['type']>(type: T): LossRule<Extract<LossConfig, { type: T }>> {
  return LOSSES[type]
}
