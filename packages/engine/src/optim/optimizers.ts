// What each optimizer of a training configuration becomes: its slots and the op that updates a segment of parameters.

import type { TensorId } from '../core/tensor.ts'
import type { ProgramBuilder } from '../ops/index.ts'
import type { OptimizerConfig } from '../spec/training-config.ts'

/** Tensors of one parameter group; all but the scalars are segments of equal shape. */
export interface UpdateOperands {
  readonly parameters: TensorId
  readonly gradients: TensorId
  /** [1] */
  readonly learningRate: TensorId
  /** [1 − beta1^t, 1 − beta2^t]; null unless the optimizer asks for it. */
  readonly biasCorrection: TensorId | null
  /** In the order of `slots`. */
  readonly slots: readonly TensorId[]
}

export interface OptimizerRule<C> {
  /** Names of its state per parameter, as in checkpoints: `optimizer.<slot>.<parameter>`. All start at 0. */
  slots(config: C): readonly string[]
  /** [beta1, beta2] of the bias corrections that are written before each step; null where there are none. */
  betas(config: C): readonly [number, number] | null
  update(builder: ProgramBuilder, operands: UpdateOperands, config: C): void
}

const ORIGIN = 'optimizer'

export const OPTIMIZERS: { readonly [T in OptimizerConfig['type']]: OptimizerRule<Extract<OptimizerConfig, { type: T }>> } = {
  sgd: {
    slots: ({ momentum }) => (momentum > 0 ? ['velocity'] : []),
    betas: () => null,
    update(builder, { parameters, gradients, learningRate, slots }, { momentum, nesterov, weight_decay: weightDecay }) {
      const inputs = [parameters, gradients, learningRate, ...slots]
      builder.append('sgd_update', inputs, [parameters, ...slots], { momentum, nesterov, weightDecay }, ORIGIN)
    },
  },
  adam: {
    slots: () => ['m', 'v'],
    betas: ({ beta1, beta2 }) => [beta1, beta2],
    update(builder, { parameters, gradients, learningRate, biasCorrection, slots }, config) {
      if (biasCorrection === null) throw new Error('adam needs its bias corrections as an input')
      const { beta1, beta2, epsilon, weight_decay: weightDecay } = config
      const inputs = [parameters, gradients, learningRate, biasCorrection, ...slots]
      builder.append('adam_update', inputs, [parameters, ...slots], { beta1, beta2, epsilon, weightDecay, decoupled: false }, ORIGIN)
    },
  },
}

/** The rule of an optimizer that is known at run time only. */
export function optimizerRule<T extends OptimizerConfig['type']>(type: T): OptimizerRule<Extract<OptimizerConfig, { type: T }>> {
  return OPTIMIZERS[type]
}
