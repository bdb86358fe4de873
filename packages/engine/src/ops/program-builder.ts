// Collects tensors and nodes; shapes are inferred as each op is emitted. Layers, autodiff, losses and optimizers all build with it.

import type { Graph, ParameterInfo, PhaseSplit } from '../core/graph.ts'
import type { Node, ProgramNode } from '../core/program.ts'
import type { Shape, Tensor, TensorId, TensorRole, TensorType } from '../core/tensor.ts'
import type { Initializer } from '../initializers/initializer.ts'
import type { OpAttributes, OpName } from './attributes.ts'
import { opOf } from './registry.ts'

export interface EmitOptions {
  /** Path in the specification that the op comes from: `layers[0]`. */
  readonly origin: string
  /** Role of the outputs. Default: activation. */
  readonly role?: TensorRole
  /** Name of the first output; must be unique. Default: op and number. */
  readonly name?: string
}

/** Tensors and nodes of a program under construction. */
export class ProgramBuilder {
  readonly #tensors: Tensor[]
  readonly #nodes: ProgramNode[] = []

  /** Goes on from the tensors of a built graph where one is given; their ids stay the same. */
  constructor(graph?: Pick<Graph, 'tensors'>) {
    this.#tensors = [...(graph?.tensors ?? [])]
  }

  get tensors(): readonly Tensor[] {
    return this.#tensors
  }

  get nodes(): readonly ProgramNode[] {
    return this.#nodes
  }

  /** A tensor that no op computes (inputs, parameters, slots), or a copy of another builder's. */
  tensor(name: string, { shape, type }: TensorType, role: TensorRole): TensorId {
    const id = this.#tensors.length
    this.#tensors.push({ id, name, shape, type, role })
    return id
  }

  type(id: TensorId): Tensor {
    const tensor = this.#tensors[id]
    if (tensor === undefined) throw new RangeError(`no tensor ${id} among ${this.#tensors.length}`)
    return tensor
  }

  /** Says after the fact what a tensor turned out to be: a gradient, an output. */
  assignRole(id: TensorId, role: TensorRole, name?: string): void {
    const tensor = this.type(id)
    this.#tensors[id] = { ...tensor, role, name: name ?? tensor.name }
  }

  /**
   * Applies an op. Throws ShapeError where it cannot take these inputs.
   * @returns its outputs
   */
  emit<K extends OpName>(
    op: K,
    inputs: readonly TensorId[],
    attributes: OpAttributes<K>,
    { origin, role = 'activation', name }: EmitOptions,
  ): readonly TensorId[] {
    const types = opOf(op).infer(
      inputs.map((id) => this.type(id)),
      attributes,
    )
    const outputs = types.map((type, i) =>
      this.tensor(
        i === 0 && name !== undefined ? name : `${op}#${this.#tensors.length}`,
        type,
        type.type === 'workspace' ? 'activation' : role,
      ),
    )
    this.#push({ op, inputs, outputs, attributes, origin })
    return outputs
  }

  /** An op that writes into tensors which exist already: updates in place. Throws ShapeError as `emit` does. */
  append<K extends OpName>(
    op: K,
    inputs: readonly TensorId[],
    outputs: readonly TensorId[],
    attributes: OpAttributes<K>,
    origin: string,
  ): void {
    opOf(op).infer(
      inputs.map((id) => this.type(id)),
      attributes,
    )
    this.#push({ op, inputs, outputs, attributes, origin })
  }

  /** The nodes that an action emits, beside its result. */
  record<R>(action: () => R): { readonly nodes: readonly ProgramNode[]; readonly result: R } {
    const start = this.#nodes.length
    const result = action()
    return { nodes: this.#nodes.slice(start), result }
  }

  /** TypeScript does not see that Node<K> is a member of the union over K. */
  #push<K extends OpName>(node: Node<K>): void {
    this.#nodes.push(node as unknown as ProgramNode)
  }
}

/** Builds the forward graph of a model: what layers emit into. */
export class ForwardBuilder {
  readonly #program = new ProgramBuilder()
  readonly #parameters: ParameterInfo[] = []
  readonly #buffers: ParameterInfo[] = []
  readonly #splits: { readonly start: number; readonly middle: number; readonly end: number }[] = []
  #randomKey: TensorId | null = null

  constructor(
    /** Rows of a batch: dimension 0 of every activation. */
    readonly batchSize: number,
  ) {}

  /** Nodes so far; a slice of it is what one layer emitted. */
  get nodes(): readonly ProgramNode[] {
    return this.#program.nodes
  }

  get tensors(): readonly Tensor[] {
    return this.#program.tensors
  }

  type(tensor: TensorId): TensorType {
    return this.#program.type(tensor)
  }

  /** A tensor written from outside before each step. `shape` with the batch. */
  input(name: string, shape: Shape): TensorId {
    return this.#program.tensor(name, { shape, type: 'real' }, 'input')
  }

  /** @param name full and unique: `conv1.weight` */
  parameter(name: string, shape: Shape, initializer: Initializer): TensorId {
    const tensor = this.#program.tensor(name, { shape, type: 'real' }, 'parameter')
    this.#parameters.push({ tensor, name, shape, initializer })
    return tensor
  }

  /** State that is not learned, saved with the model. */
  buffer(name: string, shape: Shape, initializer: Initializer): TensorId {
    const tensor = this.#program.tensor(name, { shape, type: 'real' }, 'buffer')
    this.#buffers.push({ tensor, name, shape, initializer })
    return tensor
  }

  /** Applies an op; ShapeError where it cannot take these inputs. `origin` is the layer's path. */
  emit<K extends OpName>(op: K, inputs: readonly TensorId[], attributes: OpAttributes<K>, origin: string): readonly TensorId[] {
    return this.#program.emit(op, inputs, attributes, { origin })
  }

  /** An op that writes into tensors which exist already, such as buffers. */
  append<K extends OpName>(
    op: K,
    inputs: readonly TensorId[],
    outputs: readonly TensorId[],
    attributes: OpAttributes<K>,
    origin: string,
  ): void {
    this.#program.append(op, inputs, outputs, attributes, origin)
  }

  /** Training computes what `training` emits; evaluation and prediction compute its result with one other op. */
  split<K extends OpName>(
    training: () => TensorId,
    op: K,
    inputs: readonly TensorId[],
    attributes: OpAttributes<K>,
    origin: string,
  ): TensorId {
    const start = this.nodes.length
    const output = training()
    const middle = this.nodes.length
    this.#program.append(op, inputs, [output], attributes, origin)
    this.#splits.push({ start, middle, end: this.nodes.length })
    return output
  }

  /** [seed, step] of the training step, written from outside before it. */
  randomKey(): TensorId {
    this.#randomKey ??= this.#program.tensor('random_key', { shape: [2], type: 'index' }, 'input')
    return this.#randomKey
  }

  #phaseSplits(): (ProgramNode | PhaseSplit)[] {
    const { nodes } = this.#program
    const parts: (ProgramNode | PhaseSplit)[] = []
    let from = 0
    for (const { start, middle, end } of this.#splits) {
      parts.push(...nodes.slice(from, start), { training: nodes.slice(start, middle), inference: nodes.slice(middle, end) })
      from = end
    }
    return [...parts, ...nodes.slice(from)]
  }

  finish({ input, outputs, layers }: Pick<Graph, 'input' | 'outputs' | 'layers'>): Graph {
    return {
      batchSize: this.batchSize,
      tensors: [...this.#program.tensors],
      nodes: this.#phaseSplits(),
      parameters: [...this.#parameters],
      buffers: [...this.#buffers],
      randomKey: this.#randomKey,
      input,
      outputs,
      layers,
    }
  }
}
