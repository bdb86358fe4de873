// Shapes, parameters and costs of every layer of a draft, and every mistake among them.

import type { Issue } from '@trainyard/errors'
import type { Shape, TensorId } from '../core/tensor.ts'
import { type LayerType, layerOf } from '../layers/index.ts'
import { ShapeError } from '../ops/op.ts'
import type { Draft, DraftNode } from './draft.ts'
import { ShapeBuilder, type ShapedParameter } from './shape-builder.ts'

export interface ModelLimits {
  /** Learned numbers in all. */
  readonly parameters: number
  /** Elements of all layers' outputs for one row. */
  readonly activations: number
}

/** VGG-19 has 144 million parameters; at float32 with gradient and two slots, 500 million are 8 GB. */
export const DEFAULT_LIMITS: ModelLimits = { parameters: 500_000_000, activations: 250_000_000 }

export interface AnalyzedLayer {
  readonly id: string
  readonly type: LayerType
  readonly path: string
  readonly inputs: readonly string[]
  /** Without the batch. */
  readonly output: Shape
  readonly parameters: readonly ShapedParameter[]
  /** State that is not learned, such as running statistics. */
  readonly buffers: readonly ShapedParameter[]
  readonly parameterCount: number
  /** Of the forward pass for one row; a multiply-add counts two. */
  readonly flops: number
  /** Elements computed for one row. */
  readonly activations: number
}

export interface Analysis {
  readonly issues: readonly Issue[]
  /** Layers whose shapes are known, each after all that it reads. */
  readonly layers: readonly AnalyzedLayer[]
}

/**
 * @param order nodes, each after all that it reads
 * A layer behind a mistake has unknown shapes and raises no mistake of its own.
 */
export function analyze(draft: Draft, order: readonly DraftNode[], limits: ModelLimits = DEFAULT_LIMITS): Analysis {
  const builder = new ShapeBuilder()
  const issues: Issue[] = []
  const layers: AnalyzedLayer[] = []
  const outputs = new Map<string, TensorId>()
  for (const { name, shape } of draft.inputs) if (shape !== null) outputs.set(name, builder.input(shape))
  for (const node of order) {
    const { id, config, path } = node
    const inputs = (node.inputs ?? []).flatMap((name) => outputs.get(name) ?? [])
    const [first, ...rest] = inputs
    if (id === null || config === null || first === undefined || inputs.length !== node.inputs?.length || outputs.has(id)) continue
    const layer = layerOf(config.type)
    const [min, max] = layer.arity
    if (inputs.length < min || inputs.length > max) continue
    const named = (tensor: ShapedParameter) => ({ ...tensor, name: `${id}.${tensor.name}` })
    try {
      checkRank(builder, inputs, layer.inputRank, config.type)
      if (node.joinOf !== null) checkShortcut(builder, inputs)
      const output = layer.build(builder, [first, ...rest], config)
      const { parameters, buffers, flops, activations } = builder.takeCost()
      for (const parameter of parameters) checkInitializer(parameter)
      outputs.set(id, output)
      layers.push({
        id,
        type: config.type,
        path,
        inputs: node.inputs,
        output: builder.type(output).shape.slice(1),
        parameters: parameters.map(named),
        buffers: buffers.map(named),
        parameterCount: parameters.reduce((sum, { elements }) => sum + elements, 0),
        flops,
        activations,
      })
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error
      builder.takeCost()
      issues.push({ path, code: error.code, message: `"${node.joinOf ?? id}": ${error.message}.`, hint: error.hint })
    }
  }
  return { issues: [...issues, ...exceeded(layers, limits)], layers }
}

/** F(x) + x needs equal shapes: the one mistake that every residual block invites. */
function checkShortcut(builder: ShapeBuilder, inputs: readonly TensorId[]): void {
  const [body = '', shortcut = ''] = inputs.map((input) => `[${builder.type(input).shape.slice(1).join(', ')}]`)
  if (body === shortcut) return
  throw new ShapeError(
    'shortcut_mismatch',
    `the layers give ${body}, but the shortcut gives ${shortcut}; expected equal shapes`,
    `Give "shortcut" layers that turn its input into ${body}, such as a 1x1 convolution with the stride of the block.`,
  )
}

function checkInitializer(parameter: ShapedParameter): void {
  checkOrthogonal(parameter)
  checkGivenValues(parameter)
}

function checkGivenValues({ name, shape, elements, initializer: { config } }: ShapedParameter): void {
  if (config.type !== 'values' || config.values.length === elements) return
  throw new ShapeError(
    'wrong_number_of_values',
    `the initializer gives ${config.values.length} values for "${name}" of shape [${shape.join(', ')}]; expected ${elements}`,
    'Give every element once, row by row.',
  )
}

/** Operations that initialization may take: about two seconds. */
const ORTHOGONAL_OPERATIONS_MAX = 2_000_000_000

/** Orthogonalization is the one initializer whose cost grows faster than the parameter. */
function checkOrthogonal({ name, shape: [rows = 1], elements, initializer }: ShapedParameter): void {
  const columns = elements / rows
  const operations = 4 * Math.min(rows, columns) * elements
  if (initializer.config.type !== 'orthogonal' || operations <= ORTHOGONAL_OPERATIONS_MAX) return
  throw new ShapeError(
    'orthogonal_too_large',
    `the orthogonal initializer would take ${operations} operations for the ${rows}x${columns} matrix of "${name}"; expected at most ${ORTHOGONAL_OPERATIONS_MAX}`,
    'Use "he_normal" or "xavier_normal" for this layer.',
  )
}

const RANKS: Readonly<Record<number, string>> = { 1: '[features]', 3: '[channels, height, width]' }

function checkRank(builder: ShapeBuilder, inputs: readonly TensorId[], expected: number | null, type: LayerType): void {
  for (const input of inputs) {
    const shape = builder.type(input).shape.slice(1)
    if (expected === null || shape.length === expected) continue
    throw new ShapeError(
      'wrong_rank',
      `the input has the shape [${shape.join(', ')}], but a layer of type "${type}" takes ${RANKS[expected] ?? `${expected} dimensions`}`,
      expected === 1 ? 'Put a layer of type "flatten" before it.' : 'Use it before the layer that flattens, on an image input.',
    )
  }
}

/** One issue for each limit, at the layer that brings most. */
function exceeded(layers: readonly AnalyzedLayer[], limits: ModelLimits): readonly Issue[] {
  return (['parameters', 'activations'] as const).flatMap((kind): Issue[] => {
    const amount = (layer: AnalyzedLayer) => (kind === 'parameters' ? layer.parameterCount : layer.activations)
    const total = layers.reduce((sum, layer) => sum + amount(layer), 0)
    const [first, ...rest] = layers
    if (first === undefined || total <= limits[kind]) return []
    const largest = rest.reduce((best, layer) => (amount(layer) > amount(best) ? layer : best), first)
    const what = kind === 'parameters' ? 'parameters' : 'activations per row'
    return [
      {
        path: largest.path,
        code: `too_many_${kind}`,
        message: `The model has ${total} ${what}, ${amount(largest)} of them in "${largest.id}". Expected at most ${limits[kind]}.`,
        hint: 'Use fewer units or filters, or pool before it.',
      },
    ]
  })
}
