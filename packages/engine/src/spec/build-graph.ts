// From a valid specification to the graph of forward ops that autodiff and planner take.

import type { Graph } from '../core/graph.ts'
import type { TensorId } from '../core/tensor.ts'
import { type LayerBuilder, layerOf } from '../layers/index.ts'
import { ForwardBuilder } from '../ops/program-builder.ts'
import { hashName } from '../random/index.ts'
import type { ModelSpec } from './model-spec.ts'
import { resolveModel } from './resolve-model.ts'

export interface BuildOptions {
  /** Rows of a batch: a whole number from 1. */
  readonly batchSize: number
}

/**
 * @throws Error when the specification is not valid (validate what comes from outside first) or has several inputs or outputs
 * @example buildGraph({ version: 1, preset: { name: 'lenet5' } }, { batchSize: 128 })
 */
export function buildGraph(spec: ModelSpec, { batchSize }: BuildOptions): Graph {
  if (!Number.isInteger(batchSize) || batchSize < 1) throw new RangeError(`the batch size is ${batchSize}; expected a whole number from 1`)
  const { draft, layers } = resolveModel(spec)
  if (draft.inputs.length !== 1 || draft.outputs?.length !== 1) {
    throw new Error(`the model has ${draft.inputs.length} inputs and ${draft.outputs?.length} outputs; select one output of it first`)
  }
  const builder = new ForwardBuilder(batchSize)
  const tensors = new Map(draft.inputs.map(({ name, shape }) => [name, builder.input('samples', [batchSize, ...(shape ?? [])])]))
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
  const [input = ''] = draft.inputs.map(({ name }) => name)
  return builder.finish({
    input: read(input),
    output: read(draft.outputs?.[0] ?? ''),
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
