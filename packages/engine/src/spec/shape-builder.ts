// Builds layers for their shapes and costs alone: no program comes out, nothing is allocated.

import { elementCount, type Shape, type TensorId, type TensorType } from '../core/tensor.ts'
import type { Initializer } from '../initializers/index.ts'
import type { LayerBuilder } from '../layers/index.ts'
import { ShapeError } from '../ops/op.ts'
import { OPS, type OpAttributes, type OpName } from '../ops/registry.ts'

export interface ShapedParameter {
  /** `weight`; with the layer's id where the layer is known: `conv1.weight`. */
  readonly name: string
  readonly shape: Shape
  readonly elements: number
  readonly initializer: Initializer
}

/** What one layer brought along, for a batch of one. */
export interface LayerCost {
  readonly parameters: readonly ShapedParameter[]
  /** State that is not learned. */
  readonly buffers: readonly ShapedParameter[]
  /** Floating point operations of the forward pass. */
  readonly flops: number
  /** Elements of all values that it computes; a reshape computes none. */
  readonly activations: number
}

/** A count that is no safe integer would make every later check meaningless. */
function countOrThrow(shape: Shape): number {
  try {
    return elementCount(shape)
  } catch {
    throw new ShapeError('too_large', `a tensor of shape [${shape.join(', ')}] has more than 2^53 elements`, 'Use smaller sizes.')
  }
}

export class ShapeBuilder implements LayerBuilder {
  readonly #types: TensorType[] = []
  #parameters: ShapedParameter[] = []
  #buffers: ShapedParameter[] = []
  #flops = 0
  #activations = 0

  /** A value from outside the layers, with a batch of one. */
  input(shape: Shape): TensorId {
    countOrThrow(shape)
    return this.#add({ shape: [1, ...shape], type: 'real' })
  }

  type(tensor: TensorId): TensorType {
    const type = this.#types[tensor]
    if (type === undefined) throw new RangeError(`there is no tensor ${tensor}`)
    return type
  }

  parameter(name: string, shape: Shape, initializer: Initializer): TensorId {
    this.#parameters.push({ name, shape, elements: countOrThrow(shape), initializer })
    return this.#add({ shape, type: 'real' })
  }

  buffer(name: string, shape: Shape, initializer: Initializer): TensorId {
    this.#buffers.push({ name, shape, elements: countOrThrow(shape), initializer })
    return this.#add({ shape, type: 'real' })
  }

  update<K extends OpName>(op: K, inputs: readonly TensorId[], _: readonly TensorId[], attributes: OpAttributes<K>): void {
    OPS[op].infer(
      inputs.map((input) => this.type(input)),
      attributes,
    )
  }

  /** Costs are those of training. */
  inInference<K extends OpName>(training: () => TensorId, op: K, inputs: readonly TensorId[], attributes: OpAttributes<K>): TensorId {
    const output = training()
    this.update(op, inputs, [output], attributes)
    return output
  }

  randomness(): { readonly key: TensorId; readonly stream: number } {
    return { key: this.#add({ shape: [2], type: 'index' }), stream: 0 }
  }

  emit<K extends OpName>(op: K, inputs: readonly TensorId[], attributes: OpAttributes<K>): readonly TensorId[] {
    const types = inputs.map((input) => this.type(input))
    const outputs = OPS[op].infer(types, attributes)
    const elements = outputs.reduce((sum, { shape }) => sum + countOrThrow(shape), 0)
    this.#flops += OPS[op].cost(types, outputs, attributes).flops
    if (op !== 'reshape') this.#activations += elements
    return outputs.map((type) => this.#add(type))
  }

  /** What the layer since the last call brought along. */
  takeCost(): LayerCost {
    const cost = { parameters: this.#parameters, buffers: this.#buffers, flops: this.#flops, activations: this.#activations }
    this.#parameters = []
    this.#buffers = []
    this.#flops = 0
    this.#activations = 0
    return cost
  }

  #add(type: TensorType): TensorId {
    this.#types.push(type)
    return this.#types.length - 1
  }
}
