// What each optimizer of a training configuration becomes: its slots and the op that updates a segment of parameters.

import type { TensorId } from '../core/tensor.ts'
import type { ProgramBuilder } from '../ops/index.ts'
import type { OptimizerConfig } from '../spec/optimizer-config.ts'

/** Tensors of one parameter group; all but the scalars are segments of equal shape. */
export interface UpdateOperands {
  readonly parameters: TensorId
  readonly gradients: TensorId
  /** [1] */
  readonly learningRate: TensorId
  /** Of the group, in place of that of the configuration. */
  readonly weightDecay: number
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

type ConfigOf<T extends OptimizerConfig['type']> = Extract<OptimizerConfig, { type: T }>

const ORIGIN = 'optimizer'

/** Adam and AdamW differ in where the weight decay acts. */
function adam(decoupled: boolean): OptimizerRule<Pick<ConfigOf<'adam'>, 'beta1' | 'beta2' | 'epsilon'>> {
  return {
    slots: () => ['m', 'v'],
    betas: ({ beta1, beta2 }) => [beta1, beta2],
    update(builder, { parameters, gradients, learningRate, weightDecay, biasCorrection, slots }, { beta1, beta2, epsilon }) {
      if (biasCorrection === null) throw new Error('adam needs its bias corrections as an input')
      const inputs = [parameters, gradients, learningRate, biasCorrection, ...slots]
      builder.append('adam_update', inputs, [parameters, ...slots], { beta1, beta2, epsilon, weightDecay, decoupled }, ORIGIN)
    },
  }
}

export const OPTIMIZERS: { readonly [T in OptimizerConfig['type']]: OptimizerRule<ConfigOf<T>> } = {
  sgd: {
    slots: ({ momentum }) => (momentum > 0 ? ['velocity'] : []),
    betas: () => null,
    update(builder, { parameters, gradients, learningRate, weightDecay, slots }, { momentum, nesterov }) {
      const inputs = [parameters, gradients, learningRate, ...slots]
      builder.append('sgd_update', inputs, [parameters, ...slots], { momentum, nesterov, weightDecay }, ORIGIN)
    },
  },
  adam: adam(false),
  adamw: adam(true),
  rmsprop: {
    slots: ({ centered, momentum }) => ['squares', ...(centered ? ['mean'] : []), ...(momentum > 0 ? ['velocity'] : [])],
    betas: () => null,
    update(builder, { parameters, gradients, learningRate, weightDecay, slots }, { smoothing, epsilon, momentum, centered }) {
      const inputs = [parameters, gradients, learningRate, ...slots]
      const attributes = { smoothing, epsilon, momentum, centered, weightDecay }
      builder.append('rmsprop_update', inputs, [parameters, ...slots], attributes, ORIGIN)
    },
  },
  adagrad: {
    slots: () => ['sum'],
    betas: () => null,
    update(builder, { parameters, gradients, learningRate, weightDecay, slots }, { epsilon }) {
      const inputs = [parameters, gradients, learningRate, ...slots]
      builder.append('adagrad_update', inputs, [parameters, ...slots], { epsilon, weightDecay }, ORIGIN)
    },
  },
}

/** The rule of an optimizer that is known at run time only. */
export function optimizerRule<T extends OptimizerConfig['type']>(type: T): OptimizerRule<ConfigOf<T>> {
  return OPTIMIZERS[type]
}
