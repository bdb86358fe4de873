// From a graph and a training configuration to the program of a model: forward, loss, derivative and update, in three phases.

import { differentiate } from '../autodiff/index.ts'
import { type Graph, inferenceNodes, type LayerSummary, type ParameterInfo, trainingNodes } from '../core/graph.ts'
import type { Program, ProgramNode } from '../core/program.ts'
import type { Shape, TensorId } from '../core/tensor.ts'
import { ProgramBuilder } from '../ops/index.ts'
import { type OptimizerRule, optimizerRule } from '../optim/index.ts'
import { type TrainedHead, trainedHeads } from '../spec/head-config.ts'
import { diagnosticsSchema, frozenByGroups, type OptimizerConfig, regularizationSchema } from '../spec/optimizer-config.ts'
import type { TrainingConfig } from '../spec/training-config.ts'
import { buildHead, type ModelHead } from './build-head.ts'
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
  /** Rows of the batch that are real, [1]. */
  readonly count: TensorId
  /** At least one, in the order of the model's outputs. */
  readonly heads: readonly ModelHead[]
  /** One for each parameter group. */
  readonly learningRates: readonly LearningRateInput[]
  /** [1 − beta1^t, 1 − beta2^t] of step t; null where the optimizer has none. */
  readonly biasCorrection: TensorId | null
  /** [seed, step] of type index, from which masks are drawn; null where nothing is drawn. */
  readonly randomKey: TensorId | null
  /** Written by training steps where the configuration asks for them. */
  readonly gradientNorms: GradientNorms
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
  Partial<Pick<TrainingConfig, 'heads' | 'regularization' | 'gradient_clipping' | 'diagnostics'>>

const NO_UPDATE: UpdatePhase = { learningRates: [], slots: [], segments: [], gradientNorms: { segments: null, parameters: null } }

/**
 * Builds the three phases of a program. Frozen parameters get neither gradient nor slots, and nothing before the first trainable
 * layer gets a backward op. The trainable parameters of a group lie in one segment, and so do their gradients and slots.
 * @throws ShapeError when output and loss do not fit together
 * @throws RangeError when `frozen` names no parameter
 * @example buildModel(buildGraph(spec, { batchSize: 128 }), training, { frozen: ['conv1.weight', 'conv1.bias'] })
 */
export function buildModel(graph: Graph, training: ModelTraining, { frozen = [] }: BuildModelOptions = {}): CompiledModel {
  const { optimizer, regularization, gradient_clipping, diagnostics } = training
  const policy: GradientPolicy = {
    regularization: regularization ?? regularizationSchema.parse({}),
    gradientClipping: gradient_clipping ?? null,
    diagnostics: diagnostics ?? diagnosticsSchema.parse({}),
  }
  const byGroups = frozenByGroups(
    graph.parameters.map(({ name }) => name),
    optimizer.parameter_groups,
  )
  const heads = trainedHeads(
    training,
    graph.outputs.map(({ name }) => name),
  )
  return compile(graph, heads, optimizer, optimizerRule(optimizer.type), policy, [...frozen, ...byGroups])
}

function compile<O extends OptimizerConfig>(
  graph: Graph,
  heads: readonly TrainedHead[],
  optimizerConfig: O,
  optimizer: OptimizerRule<O>,
  policy: GradientPolicy,
  frozen: readonly string[],
): CompiledModel {
  if (heads.length !== graph.outputs.length) {
    throw new Error(`the model has ${graph.outputs.length} outputs and ${heads.length} losses; select one output of it first`)
  }
  const builder = new ProgramBuilder(graph)
  const parameters = markTrainable(graph, frozen)
  const fixed = new Set(parameters.flatMap(({ tensor, trainable }) => (trainable ? [] : [tensor])))
  const forwardNodes = trainingNodes(graph, (tensor) => fixed.has(tensor))
  const input = (name: string, shape: Shape) => builder.tensor(name, { shape, type: 'real' }, 'input')
  const betas = optimizer.betas(optimizerConfig)
  const count = input('count', [1])
  const biasCorrection = betas === null ? null : input('bias_correction', [2])
  const built = graph.outputs.flatMap(({ tensor }, i) => {
    const head = heads[i]
    return head === undefined ? [] : [buildHead(builder, head, tensor, count)]
  })
  const lossNodes = built.flatMap((head) => head.lossNodes)
  const { nodes: backwardNodes, result: gradients } = builder.record(() =>
    gradientsOf(
      builder,
      [...forwardNodes, ...lossNodes],
      built.map(({ head }) => head),
      parameters,
    ),
  )
  const updated = parameters.flatMap(({ tensor, name, shape }) => {
    const gradient = gradients.get(tensor)
    return gradient === undefined ? [] : [{ tensor, gradient, name, shape }]
  })
  const { nodes: updateNodes, result: update } = builder.record(() =>
    updated.length === 0 ? NO_UPDATE : emitUpdate(builder, updated, optimizer, optimizerConfig, biasCorrection, policy),
  )
  const predictionNodes = built.flatMap((head) => head.predictionNodes)
  const scoreNodes = [...lossNodes, ...built.flatMap((head) => head.countNodes)]
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
      count,
      heads: built.map(({ head }) => head),
      learningRates: update.learningRates,
      biasCorrection,
      randomKey: graph.randomKey,
      gradientNorms: update.gradientNorms,
    },
    parameters,
    buffers: graph.buffers,
    slots: update.slots,
    betas,
    layers: graph.layers,
  }
}

function markTrainable({ parameters, buffers }: Graph, frozen: readonly string[]): readonly ModelParameter[] {
  const names = new Set([...parameters, ...buffers].map(({ name }) => name))
  const unknown = frozen.filter((name) => !names.has(name))
  if (unknown.length > 0)
    throw new RangeError(`frozen: no parameter is named ${unknown.join(', ')}. The model has ${[...names].join(', ')}.`)
  const fixed = new Set(frozen)
  return parameters.map((parameter) => ({ ...parameter, trainable: !fixed.has(parameter.name) }))
}

/** Appends the backward pass of Σ weight · loss. @returns gradient by parameter, with its final role and name */
function gradientsOf(
  builder: ProgramBuilder,
  nodes: readonly ProgramNode[],
  heads: readonly ModelHead[],
  parameters: readonly ModelParameter[],
): ReadonlyMap<TensorId, TensorId> {
  const trainable = parameters.filter((parameter) => parameter.trainable)
  if (trainable.length === 0) return new Map()
  const seeds = heads.map(({ loss, weight }) => {
    const [seed] = builder.emit('fill', [], { shape: [1], value: weight }, { origin: 'loss' })
    if (seed === undefined) throw new Error('fill has no output')
    return [loss, seed] as const
  })
  const gradients = differentiate(builder, { nodes, seeds: new Map(seeds), by: trainable.map(({ tensor }) => tensor) })
  for (const { tensor, name } of trainable) {
    const gradient = gradients.get(tensor)
    if (gradient === undefined) continue
    if (builder.type(gradient).role === 'gradient') throw new Error(`${name} shares its gradient tensor with another parameter`)
    builder.assignRole(gradient, 'gradient', `${name}.gradient`)
  }
  return gradients
}
