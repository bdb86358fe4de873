// From a graph and a training configuration to the program of a model: forward, loss, derivative and update, in three phases.

import { differentiate } from '../autodiff/index.ts'
import { type Graph, inferenceNodes, type LayerSummary, type ParameterInfo, trainingNodes } from '../core/graph.ts'
import type { Program, ProgramNode } from '../core/program.ts'
import type { Shape, TensorId } from '../core/tensor.ts'
import { type LossRule, lossRule } from '../losses/index.ts'
import { ProgramBuilder } from '../ops/index.ts'
import { type OptimizerRule, optimizerRule } from '../optim/index.ts'
import type { LossConfig } from '../spec/loss-config.ts'
import { diagnosticsSchema, frozenByGroups, type OptimizerConfig, regularizationSchema } from '../spec/optimizer-config.ts'
import type { TrainingConfig } from '../spec/training-config.ts'
import {
  emitUpdate,
  type GradientNorms,
  type GradientPolicy,
  type LearningRateInput,
  type ModelSlot,
  type UpdatePhase,
} from './build-update.ts'

/** Tensors that a session writes before a step and reads after it. */
export interface Bindings {
  /** [N, …] */
  readonly samples: TensorId
  /** As the loss declares them: [N] of type index for classes, else real numbers of the output's shape. */
  readonly targets: TensorId
  /** Rows of the batch that are real, [1]. */
  readonly count: TensorId
  /** One for each parameter group. */
  readonly learningRates: readonly LearningRateInput[]
  /** [1 − beta1^t, 1 − beta2^t] of step t; null where the optimizer has none. */
  readonly biasCorrection: TensorId | null
  /** [seed, step] of type index, from which masks are drawn; null where nothing is drawn. */
  readonly randomKey: TensorId | null
  /** Mean over the real rows, [1]. */
  readonly loss: TensorId
  /** Rows that the model gets right, [1]; null where the loss knows no right and wrong. */
  readonly correct: TensorId | null
  /** Written by training steps where the configuration asks for them. */
  readonly gradientNorms: GradientNorms
  /** Probabilities or values, [N, K]; written by the phases `evaluate` and `predict`. */
  readonly predictions: TensorId
}

/** What a loss asks of its targets, and how it weighs them. */
export interface TargetRules {
  /** Values that the loss is defined for; null where all are. */
  readonly range: readonly [low: number, high: number] | null
  /** Weight of each class in the mean over a batch; null where every row weighs the same. */
  readonly classWeights: readonly number[] | null
}

export interface ModelParameter extends ParameterInfo {
  readonly trainable: boolean
}

export interface CompiledModel {
  readonly program: Program
  readonly bindings: Bindings
  readonly parameters: readonly ModelParameter[]
  readonly buffers: readonly ParameterInfo[]
  readonly slots: readonly ModelSlot[]
  readonly targets: TargetRules
  /** [beta1, beta2] where `bindings.biasCorrection` is written. */
  readonly betas: readonly [number, number] | null
  readonly layers: readonly LayerSummary[]
}

export interface BuildModelOptions {
  /** Names of parameters that do not change; of a layer's buffers they may be there, too: they follow the parameters. Default: none. */
  readonly frozen?: readonly string[]
}

/** What of a training configuration the program depends on. Without the optional ones, nothing is added to the optimizer's rule. */
export type ModelTraining = Pick<TrainingConfig, 'loss' | 'optimizer'> &
  Partial<Pick<TrainingConfig, 'regularization' | 'gradient_clipping' | 'diagnostics'>>

const NO_UPDATE: UpdatePhase = { learningRates: [], slots: [], segments: [], gradientNorms: { segments: null, parameters: null } }

/**
 * Builds the three phases of a program. Frozen parameters get neither gradient nor slots, and nothing before the first trainable
 * layer gets a backward op. The trainable parameters of a group lie in one segment, and so do their gradients and slots.
 * @throws ShapeError when output and loss do not fit together
 * @throws RangeError when `frozen` names no parameter
 * @example buildModel(buildGraph(spec, { batchSize: 128 }), training, { frozen: ['conv1.weight', 'conv1.bias'] })
 */
export function buildModel(
  graph: Graph,
  { loss, optimizer, regularization, gradient_clipping, diagnostics }: ModelTraining,
  { frozen = [] }: BuildModelOptions = {},
): CompiledModel {
  const policy: GradientPolicy = {
    regularization: regularization ?? regularizationSchema.parse({}),
    gradientClipping: gradient_clipping ?? null,
    diagnostics: diagnostics ?? diagnosticsSchema.parse({}),
  }
  const byGroups = frozenByGroups(
    graph.parameters.map(({ name }) => name),
    optimizer.parameter_groups,
  )
  return compile(graph, loss, lossRule(loss.type), optimizer, optimizerRule(optimizer.type), policy, [...frozen, ...byGroups])
}

function compile<L extends LossConfig, O extends OptimizerConfig>(
  graph: Graph,
  lossConfig: L,
  lossOf: LossRule<L>,
  optimizerConfig: O,
  optimizer: OptimizerRule<O>,
  policy: GradientPolicy,
  frozen: readonly string[],
): CompiledModel {
  const builder = new ProgramBuilder(graph)
  const parameters = markTrainable(graph, frozen)
  const fixed = new Set(parameters.flatMap(({ tensor, trainable }) => (trainable ? [] : [tensor])))
  const forwardNodes = trainingNodes(graph, (tensor) => fixed.has(tensor))
  const input = (name: string, shape: Shape) => builder.tensor(name, { shape, type: 'real' }, 'input')
  const betas = optimizer.betas(optimizerConfig)
  const targets = builder.tensor('targets', lossOf.targets(builder.type(graph.output)), 'input')
  const count = input('count', [1])
  const biasCorrection = betas === null ? null : input('bias_correction', [2])
  const operands = { output: graph.output, targets, count }

  const { nodes: predictionNodes, result: predictions } = record(builder, () => lossOf.predictions(builder, graph.output))
  const { nodes: lossNodes, result: loss } = record(builder, () => lossOf.value(builder, operands, lossConfig))
  const { nodes: countNodes, result: correct } = record(builder, () => lossOf.correct?.(builder, operands) ?? null)
  const { nodes: backwardNodes, result: gradients } = record(builder, () =>
    gradientsOf(builder, [...forwardNodes, ...lossNodes], loss, parameters),
  )
  const updated = parameters.flatMap(({ tensor, name, shape }) => {
    const gradient = gradients.get(tensor)
    return gradient === undefined ? [] : [{ tensor, gradient, name, shape }]
  })
  const { nodes: updateNodes, result: update } = record(builder, () =>
    updated.length === 0 ? NO_UPDATE : emitUpdate(builder, updated, optimizer, optimizerConfig, biasCorrection, policy),
  )
  const scoreNodes = [...lossNodes, ...countNodes]
  return {
    program: {
      batchSize: graph.batchSize,
      tensors: builder.tensors,
      segments: update.segments,
      phases: {
        train: [...forwardNodes, ...scoreNodes, ...backwardNodes, ...updateNodes],
        evaluate: [...inferenceNodes(graph), ...scoreNodes, ...predictionNodes],
        predict: [...inferenceNodes(graph), ...predictionNodes],
      },
    },
    bindings: {
      samples: graph.input,
      targets,
      count,
      learningRates: update.learningRates,
      biasCorrection,
      randomKey: graph.randomKey,
      loss,
      correct,
      gradientNorms: update.gradientNorms,
      predictions,
    },
    parameters,
    buffers: graph.buffers,
    slots: update.slots,
    targets: { range: lossOf.targetRange, classWeights: lossOf.classWeights(lossConfig) },
    betas,
    layers: graph.layers,
  }
}

/** The nodes that an action emits. */
function record<R>(builder: ProgramBuilder, action: () => R): { readonly nodes: readonly ProgramNode[]; readonly result: R } {
  const start = builder.nodes.length
  const result = action()
  return { nodes: builder.nodes.slice(start), result }
}

function markTrainable({ parameters, buffers }: Graph, frozen: readonly string[]): readonly ModelParameter[] {
  const names = new Set([...parameters, ...buffers].map(({ name }) => name))
  const unknown = frozen.filter((name) => !names.has(name))
  if (unknown.length > 0)
    throw new RangeError(`frozen: no parameter is named ${unknown.join(', ')}. The model has ${[...names].join(', ')}.`)
  const fixed = new Set(frozen)
  return parameters.map((parameter) => ({ ...parameter, trainable: !fixed.has(parameter.name) }))
}

/** Appends the backward pass. @returns gradient by parameter, with its final role and name */
function gradientsOf(
  builder: ProgramBuilder,
  nodes: readonly ProgramNode[],
  loss: TensorId,
  parameters: readonly ModelParameter[],
): ReadonlyMap<TensorId, TensorId> {
  const trainable = parameters.filter((parameter) => parameter.trainable)
  if (trainable.length === 0) return new Map()
  const [one] = builder.emit('fill', [], { shape: [1], value: 1 }, { origin: 'loss' })
  if (one === undefined) throw new Error('fill has no output')
  const gradients = differentiate(builder, { nodes, seeds: new Map([[loss, one]]), by: trainable.map(({ tensor }) => tensor) })
  for (const { tensor, name } of trainable) {
    const gradient = gradients.get(tensor)
    if (gradient === undefined) continue
    if (builder.type(gradient).role === 'gradient') throw new Error(`${name} shares its gradient tensor with another parameter`)
    builder.assignRole(gradient, 'gradient', `${name}.gradient`)
  }
  return gradients
}
