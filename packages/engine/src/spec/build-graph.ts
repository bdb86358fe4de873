// From a valid specification to the graph of forward ops that autodiff and planner take.

import type { Graph } from '../core/graph.ts'
import type { TensorId } from '../core/tensor.ts'
import { type LayerBuilder, layerOf } from '../layers/index.ts'
import { ForwardBuilder } from '../ops/program-builder.ts'
import { hashName } from '../random/index.ts'
import type { Draft } from './draft.ts'
import type { InputPlaces } from './head-config.ts'
import type { ModelSpec } from './model-spec.ts'
import { resolveModel } from './resolve-model.ts'

export interface BuildOptions {
  /** Rows of a batch: a whole number from 1. */
  readonly batchSize: number
  /** Where in a sample the inputs stand. Default: the only one takes all of it. */
  readonly inputs?: InputPlaces | undefined
}

/**
 * @throws Error when the specification is not valid (validate what comes from outside first), or has several inputs and no places for them
 * @example buildGraph({ version: 1, preset: { name: 'lenet5' } }, { batchSize: 128 })
 */
export function buildGraph(spec: ModelSpec, { batchSize, inputs: places }: BuildOptions): Graph {
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`the batch size is ${batchSize}; expected a whole number from 1`)
  const { draft, layers } = resolveModel(spec)
  const builder = new ForwardBuilder(batchSize)
  const { samples, tensors } = buildInputs(builder, draft, places)
  const nodes = new Map(draft.nodes.map((node) => [node.id, node]))
  const read = (name: string): TensorId => {
    const tensor = tensors.get(name)
    if (tensor === undefined) throw new Error(`"${name}" is read before it is built`)
    return tensor
  }
  for (const { id, path, type, inputs } of layers) {
    const [first, ...rest] = inputs.map(read)
    const config = nodes.get(id)?.config
    if (first === undefined || config === undefined || config === null) throw new Error(`layer "${id}" has no input or configuration`)
    tensors.set(id, layerOf(type).build(layerBuilder(builder, id, path), [first, ...rest], config))
  }
  return builder.finish({
    input: samples,
    outputs: (draft.outputs ?? []).map((name) => ({ name, tensor: read(name) })),
    layers: layers.map(({ id, type, path, output, parameterCount, flops }) => ({
      id,
      type,
      path,
      output,
      parameters: parameterCount,
      flops,
    })),
  })
}

interface BuiltInputs {
  /** [N, …]: what is written before each step. */
  readonly samples: TensorId
  readonly tensors: Map<string, TensorId>
}

function buildInputs(builder: ForwardBuilder, { inputs }: Draft, places: InputPlaces | undefined): BuiltInputs {
  const { batchSize } = builder
  if (places === undefined) {
    const [input, ...others] = inputs
    if (input === undefined || others.length > 0) throw new Error(`the model has ${inputs.length} inputs; say where in a sample they stand`)
    const samples = builder.input('samples', [batchSize, ...(input.shape ?? [])])
    return { samples, tensors: new Map([[input.name, samples]]) }
  }
  const samples = builder.input('samples', [batchSize, places.size])
  const tensors = inputs.map(({ name, path }) => {
    const runs = runsOf(places.positions[name] ?? [])
    const parts = runs.map(({ start, size }) => {
      if (size === places.size) return samples
      return one(builder.emit('slice', [samples], { start, size }, path))
    })
    return [name, parts.length === 1 ? one(parts) : one(builder.emit('concatenate', parts, {}, path))] as const
  })
  return { samples, tensors: new Map(tensors) }
}

/** Rising positions as runs without gaps. */
function runsOf(positions: readonly number[]): readonly { readonly start: number; readonly size: number }[] {
  const starts = positions.filter((position, i) => position !== (positions[i - 1] ?? Number.NaN) + 1)
  return starts.map((start, i) => {
    const next = positions.indexOf(starts[i + 1] ?? -1)
    return { start, size: (next < 0 ? positions.length : next) - positions.indexOf(start) }
  })
}

function one([tensor]: readonly TensorId[]): TensorId {
  if (tensor === undefined) throw new Error('an input of the model takes nothing of a sample')
  return tensor
}

/** The builder as one layer sees it: names and origins are its own. */
function layerBuilder(builder: ForwardBuilder, id: string, path: string): LayerBuilder {
  return {
    emit: (op, inputs, attributes) => builder.emit(op, inputs, attributes, path),
    type: (tensor) => builder.type(tensor),
    parameter: (name, shape, initializer) => builder.parameter(`${id}.${name}`, shape, initializer),
    buffer: (name, shape, initializer) => builder.buffer(`${id}.${name}`, shape, initializer),
    update: (op, inputs, outputs, attributes) => builder.append(op, inputs, outputs, attributes, path),
    inInference: (training, op, inputs, attributes) => builder.split(training, op, inputs, attributes, path),
    randomness: () => ({ key: builder.randomKey(), stream: hashName(id) }),
  }
}
