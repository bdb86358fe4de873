// An output with its loss: the tensors that a session binds, and the ops of loss, counts and predictions.

import type { ProgramNode } from '../core/program.ts'
import type { TensorId } from '../core/tensor.ts'
import { type LossRule, lossRule } from '../losses/index.ts'
import type { ProgramBuilder } from '../ops/index.ts'
import type { TrainedHead } from '../spec/head-config.ts'
import type { LossConfig } from '../spec/loss-config.ts'

/** An output that is trained and measured. */
export interface ModelHead {
  /** Of the output; null where the model has one that needs no name. */
  readonly name: string | null
  /** w of Σ w · loss. */
  readonly weight: number
  /** As the loss declares them: [N] of type index for classes, else real numbers of the output's shape. */
  readonly targets: TensorId
  /** Values that the loss is defined for; null where all are. */
  readonly targetRange: readonly [low: number, high: number] | null
  /** Weight of each class in the mean over a batch; null where every row weighs the same. */
  readonly classWeights: readonly number[] | null
  /** Mean over the real rows, [1]; without `weight`. */
  readonly loss: TensorId
  /** Rows that the model gets right, [1]; null where the loss knows no right and wrong. */
  readonly correct: TensorId | null
  /** Probabilities or values, [N, K]; written by the phases `evaluate` and `predict`. */
  readonly predictions: TensorId
}

export interface BuiltHead {
  readonly head: ModelHead
  readonly lossNodes: readonly ProgramNode[]
  readonly countNodes: readonly ProgramNode[]
  readonly predictionNodes: readonly ProgramNode[]
}

/** @param count real rows of the batch, [1] */
export function buildHead(builder: ProgramBuilder, head: TrainedHead, output: TensorId, count: TensorId): BuiltHead {
  return build(builder, head, head.loss, lossRule(head.loss.type), output, count)
}

function build<L extends LossConfig>(
  builder: ProgramBuilder,
  { name, weight }: TrainedHead,
  config: L,
  rule: LossRule<L>,
  output: TensorId,
  count: TensorId,
): BuiltHead {
  const suffix = name === null ? '' : ` ${name}`
  const targets = builder.tensor(`targets${suffix}`, rule.targets(builder.type(output)), 'input')
  const operands = { output, targets, count, suffix }
  const { nodes: predictionNodes, result: predictions } = builder.record(() => rule.predictions(builder, operands))
  const { nodes: lossNodes, result: loss } = builder.record(() => rule.value(builder, operands, config))
  const { nodes: countNodes, result: correct } = builder.record(() => rule.correct?.(builder, operands) ?? null)
  const classWeights = rule.classWeights(config)
  return {
    head: { name, weight, targets, targetRange: rule.targetRange, classWeights, loss, correct, predictions },
    lossNodes,
    countNodes,
    predictionNodes,
  }
}
