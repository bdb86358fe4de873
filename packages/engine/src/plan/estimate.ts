// What a model costs before anything is allocated: parameters, floating point operations, bytes. Plain layouts at float32; a backend's
// blocked layouts and scratch memory come on top, typically a few percent.

import type { Phase } from '../core/program.ts'
import { elementCount, type TensorId, type TensorRole } from '../core/tensor.ts'
import { totalCost } from '../ops/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import type { InputPlaces } from '../spec/head-config.ts'
import type { ModelSpec } from '../spec/model-spec.ts'
import { selectTrained } from '../spec/select-trained.ts'
import type { TrainingConfig } from '../spec/training-config.ts'
import { type BuildModelOptions, buildModel, type CompiledModel, type ModelTraining } from './build-model.ts'
import { planMemory } from './memory.ts'

const FLOAT_BYTES = 4

export interface MemoryEstimate {
  readonly parameters: number
  readonly gradients: number
  readonly optimizer: number
  /** Samples, targets, scalars, predictions. */
  readonly inputsAndOutputs: number
  /** Intermediate values of a training step, after sharing. */
  readonly activations: number
  /** The weights of the best evaluation, where early stopping keeps them to restore. */
  readonly best: number
  readonly total: number
}

export type StoppingChoice = Partial<Pick<TrainingConfig, 'early_stopping'>>

export interface Estimate {
  readonly parameters: number
  readonly trainableParameters: number
  /** Floating point operations of one step (a multiply-add counts two) by phase, for the whole batch. */
  readonly flops: { readonly [P in Phase]: number }
  readonly bytes: MemoryEstimate
}

const BYTES_OF_ROLE: { readonly [R in TensorRole]: Exclude<keyof MemoryEstimate, 'total' | 'best'> | null } = {
  input: 'inputsAndOutputs',
  output: 'inputsAndOutputs',
  parameter: 'parameters',
  buffer: 'parameters',
  slot: 'optimizer',
  gradient: 'gradients',
  // Counted by the memory plan.
  activation: null,
}

/**
 * Estimates one step of a compiled model.
 * @param choice what of the training configuration keeps a second copy of the weights
 * @example estimateModel(buildModel(graph, training), training).bytes.total
 */
export function estimateModel({ program, parameters }: CompiledModel, { early_stopping: stopping }: StoppingChoice = {}): Estimate {
  const { tensors, phases, segments } = program
  const count = (id: TensorId) => elementCount(tensors[id]?.shape ?? [])
  const flopsOf = (phase: Phase) => totalCost(phases[phase], (id) => tensors[id] ?? { shape: [], type: 'real' }).flops
  const arena = planMemory({ nodes: phases.train, tensors, bytesOf: (id) => FLOAT_BYTES * count(id) }).arenaBytes
  const bytes = { parameters: 0, gradients: 0, optimizer: 0, inputsAndOutputs: 0, activations: arena, best: 0 }
  // A segment is its members.
  const isSegment = new Set(segments.map(({ tensor }) => tensor))
  for (const { id, role } of tensors) {
    const part = BYTES_OF_ROLE[role]
    if (part !== null && !isSegment.has(id)) bytes[part] += FLOAT_BYTES * count(id)
  }
  if (stopping?.restore_best === true) bytes.best = bytes.parameters
  const total = Object.values(bytes).reduce((sum, part) => sum + part, 0)
  const sum = (list: CompiledModel['parameters']) => list.reduce((elements, { shape }) => elements + elementCount(shape), 0)
  return {
    parameters: sum(parameters),
    trainableParameters: sum(parameters.filter(({ trainable }) => trainable)),
    flops: { train: flopsOf('train'), evaluate: flopsOf('evaluate'), predict: flopsOf('predict') },
    bytes: { ...bytes, total },
  }
}

export interface EstimateTrainingOptions extends BuildModelOptions {
  /** Where in a sample the inputs of the model stand. Default: the only one takes all of it. */
  readonly inputs?: InputPlaces | undefined
}

/**
 * Estimates the training of a valid specification.
 * @throws ShapeError when the model's output does not fit the loss
 */
export function estimateTraining(
  spec: ModelSpec,
  training: ModelTraining & StoppingChoice & Pick<TrainingConfig, 'batch_size' | 'output'>,
  { inputs, ...options }: EstimateTrainingOptions = {},
): Estimate {
  const graph = buildGraph(selectTrained(spec, training), { batchSize: training.batch_size, inputs })
  return estimateModel(buildModel(graph, training, options), training)
}
