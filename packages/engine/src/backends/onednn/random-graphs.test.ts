// Property: any valid graph of any layers trains one step to the same numbers on both backends, and as near to those of float64.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { elementCount, type TensorId } from '../../core/tensor.ts'
import type { LayerType } from '../../layers/index.ts'
import { buildModel, type CompiledModel } from '../../plan/index.ts'
import { fillUniform } from '../../random/index.ts'
import { buildGraph, resolveModel, trainingConfigSchema, validateModelSpec } from '../../spec/index.ts'
import type { Backend } from '../backend.ts'
import { createReferenceBackend } from '../reference/index.ts'
import { openOnednn } from './index.ts'

const BATCH = 4
const CLASSES = 3
/** Largest difference from float64, relative to the largest value of a tensor. */
const TOLERANCE = 1e-5
/** Where plain loops in float32 are further from float64 than that, as with batch norm of four equal rows: so many times their error. */
const ROUNDING = 10
/**
 * Graphs; the seed makes them the same every time, since near a kink (a ReLU at 1e-8) two backends may rightly disagree.
 * More and others: GRAPHS=5000 GRAPHS_SEED=7 npx vitest run random-graphs
 */
const RUNS = Number(process.env.GRAPHS ?? 150)
const SEED = Number(process.env.GRAPHS_SEED ?? 1943)

type Shape = readonly number[]
type Config = Readonly<Record<string, unknown>>

/** One draw: which layer, on which earlier node, with what sizes. */
interface Draw {
  readonly kind: number
  readonly source: number
  readonly other: number
  readonly sizes: readonly [number, number, number]
}

const isImage = (shape: Shape) => shape.length === 3
const fits = (shape: Shape, kernel: number) => isImage(shape) && Math.min(...shape.slice(1)) >= kernel
const same = (type: string) => () => ({ type })

/** A configuration of each layer that is valid on a shape; null where there is none. Joints take the sources that `draw` finds. */
const CONFIGS: { readonly [T in LayerType]: (shape: Shape, sizes: Draw['sizes']) => Config | null } = {
  dense: (shape, [a]) => (isImage(shape) ? null : { type: 'dense', units: a + 1 }),
  conv2d: (shape, [a, b, c]) => {
    const [channels = 1] = shape
    const kernel = 1 + (b % 3)
    if (!isImage(shape)) return null
    const groups = c % 3 === 0 ? channels : 1
    const dilation = 1 + (c % 2)
    return {
      type: 'conv2d',
      filters: groups * (1 + (a % 5)),
      kernel,
      stride: 1 + (a % 2),
      padding: 'same',
      dilation,
      groups,
      bias: a % 3 > 0,
    }
  },
  conv_transpose2d: (shape, [a, b, c]) => {
    const [channels = 1, height = 1, width = 1] = shape
    if (!isImage(shape) || height * width > 100) return null
    const groups = c % 3 === 0 ? channels : 1
    return { type: 'conv_transpose2d', filters: groups * (1 + (a % 4)), kernel: 2 + (b % 3), stride: 1 + (c % 2), groups, bias: a % 2 > 0 }
  },
  max_pool2d: (shape, [a]) => (fits(shape, 2) ? { type: 'max_pool2d', kernel: 2, stride: 1 + (a % 2), padding: a % 2 } : null),
  avg_pool2d: (shape, [a, b]) =>
    fits(shape, 2) ? { type: 'avg_pool2d', kernel: 2, stride: 1 + (a % 2), padding: b % 2, count_include_pad: a % 3 > 0 } : null,
  global_max_pool2d: (shape) => (isImage(shape) ? { type: 'global_max_pool2d' } : null),
  global_avg_pool2d: (shape) => (isImage(shape) ? { type: 'global_avg_pool2d' } : null),
  upsample: (shape, [a, b]) =>
    isImage(shape) && elementCount(shape) < 300
      ? { type: 'upsample', scale: [1 + (a % 2), 2], mode: b % 2 ? 'nearest' : 'bilinear' }
      : null,
  flatten: same('flatten'),
  reshape: (shape, [a]) => ({
    type: 'reshape',
    shape: elementCount(shape) % 4 === 0 && a % 2 ? [elementCount(shape) / 4, 2, 2] : [1, 1, elementCount(shape)],
  }),
  pad_channels: (_, [a, b]) => ({ type: 'pad_channels', before: a % 3, after: b % 4 }),
  batch_norm: same('batch_norm'),
  layer_norm: same('layer_norm'),
  dropout: same('dropout'),
  spatial_dropout: (shape) => (isImage(shape) ? { type: 'spatial_dropout' } : null),
  relu: same('relu'),
  sigmoid: same('sigmoid'),
  tanh: same('tanh'),
  leaky_relu: same('leaky_relu'),
  elu: same('elu'),
  gelu: same('gelu'),
  silu: same('silu'),
  softplus: same('softplus'),
  threshold: same('threshold'),
  softmax: (shape) => (isImage(shape) ? null : { type: 'softmax' }),
  add: same('add'),
  concatenate: same('concatenate'),
}
const KINDS = [...(Object.keys(CONFIGS) as LayerType[]), 'residual'] as const

/** A block of any kind that keeps the shape, with a shortcut now and then. */
function residual(shape: Shape, [a, b]: Draw['sizes']): Config {
  const [channels = 1] = shape
  const layer = isImage(shape) ? { type: 'conv2d', filters: channels, kernel: 3, padding: 1 } : { type: 'dense', units: channels }
  const layers = [layer, { type: 'relu' }, { type: 'sequential', layers: [layer] }]
  return { type: 'residual', layers, ...(a % 2 ? { shortcut: [layer] } : {}), ...(b % 2 ? { activation: 'tanh' } : {}) }
}

/** A graph that is valid by construction; shapes come from the specification itself. */
function grow(input: Shape, draws: readonly Draw[]): unknown {
  const nodes: Config[] = []
  const known: { name: string; shape: Shape }[] = [{ name: 'x', shape: input }]
  const spec = (output: string) => ({ version: 1, inputs: { x: { shape: input } }, nodes: reachable(nodes, output), outputs: [output] })
  const add = (config: Config, inputs: readonly string[]): void => {
    const id = `n${nodes.length}`
    nodes.push({ ...config, id, inputs })
    const result = validateModelSpec(spec(id))
    if (!result.ok) throw new Error(JSON.stringify([config, result.issues]))
    known.push({ name: id, shape: resolveModel(result.spec).layers.at(-1)?.output ?? [] })
  }
  for (const { kind, source, other, sizes } of draws) {
    // The newest nodes twice as often, so that graphs grow deep.
    const from = known[Math.max(source % known.length, (source >> 8) % known.length)] ?? { name: 'x', shape: input }
    const type = KINDS[kind % KINDS.length] ?? 'relu'
    const config = type === 'residual' ? residual(from.shape, sizes) : CONFIGS[type](from.shape, sizes)
    if (config === null || elementCount(from.shape) > 2000) continue
    if (type !== 'add' && type !== 'concatenate') {
      add(config, [from.name])
      continue
    }
    const start = type === 'add' ? 0 : 1
    const partners = known.filter(
      ({ shape }) => shape.length === from.shape.length && String(shape.slice(start)) === String(from.shape.slice(start)),
    )
    add(config, [from.name, partners[other % partners.length]?.name ?? from.name])
  }
  const last = known.at(-1)
  add({ type: 'flatten' }, [last?.name ?? 'x'])
  add({ type: 'dense', units: CLASSES }, [known.at(-1)?.name ?? 'x'])
  return spec(known.at(-1)?.name ?? '')
}

/** Nodes that lead to the output. */
function reachable(nodes: readonly Config[], output: string): readonly Config[] {
  const used = new Set([output])
  return nodes.toReversed().filter(({ id, inputs }) => {
    if (!used.has(String(id))) return false
    for (const name of inputs as readonly string[]) used.add(name)
    return true
  })
}

function random(seed: number, length: number, low: number, high: number): Float32Array {
  const array = new Float32Array(length)
  fillUniform({ seed, purpose: 'test' }, array, low, high)
  return array
}

/** Loss, predictions and all state after one step. */
function step(backend: Backend, model: CompiledModel): ReadonlyMap<string, Float32Array> {
  const { program, bindings } = model
  const executable = backend.compile(program, { threads: 1 })
  const sizeOf = (id: TensorId) => elementCount(program.tensors[id]?.shape ?? [])
  for (const { tensor, shape } of model.parameters) {
    const bound = 1 / Math.sqrt(elementCount(shape.slice(1)))
    executable.write(tensor, random(tensor, sizeOf(tensor), -bound, bound))
  }
  for (const { tensor } of model.buffers) executable.write(tensor, random(tensor, sizeOf(tensor), 0.5, 1))
  for (const { id, role, type } of program.tensors)
    if (role === 'input' && type === 'real') executable.write(id, random(id, sizeOf(id), -1, 1))
  for (const { targets } of bindings.heads) executable.write(targets, Int32Array.from(random(9, BATCH, 0, CLASSES), Math.floor))
  executable.write(bindings.count, Float32Array.of(BATCH))
  for (const { tensor } of bindings.learningRates) executable.write(tensor, Float32Array.of(0.1))
  executable.run('train')
  const results = new Map<string, Float32Array>()
  const keep = (id: TensorId): void => {
    const into = new Float32Array(sizeOf(id))
    executable.read(id, into)
    results.set(program.tensors[id]?.name ?? '', into)
  }
  for (const { loss } of bindings.heads) keep(loss)
  for (const { tensor } of [...model.parameters, ...model.buffers]) keep(tensor)
  executable.run('predict')
  for (const { predictions } of bindings.heads) keep(predictions)
  executable.close()
  return results
}

const opened = openOnednn()

describe.runIf(opened.available)('random graphs', () => {
  it(`train one step to the same numbers on both backends: ${RUNS} graphs`, () => {
    if (!opened.available) return
    const { backend } = opened
    const nat = fc.nat(0xffff)
    const draw = fc.record({ kind: nat, source: nat, other: nat, sizes: fc.tuple(nat, nat, nat) })
    const side = fc.integer({ min: 1, max: 9 })
    const input = fc.oneof(fc.tuple(side, side, side), fc.tuple(fc.integer({ min: 1, max: 20 })))
    const used = new Set<string>()
    fc.assert(
      fc.property(input, fc.array(draw, { minLength: 1, maxLength: 14 }), (shape, draws) => {
        const result = validateModelSpec(grow(shape, draws))
        if (!result.ok) throw new Error(JSON.stringify(result.issues))
        const graph = buildGraph(result.spec, { batchSize: BATCH })
        const training = trainingConfigSchema.parse({ optimizer: { type: 'sgd', learning_rate: 0.1, momentum: 0.9 } })
        const model = buildModel(graph, training)
        for (const { type } of graph.layers) used.add(type)
        const [exact, loops, actual] = [createReferenceBackend({ real: 'float64' }), createReferenceBackend(), backend].map((of) =>
          step(of, model),
        )
        for (const [name, array] of exact ?? []) {
          const scale = array.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
          const errorOf = (values: Float32Array | undefined, i: number) => Math.abs((array[i] ?? 0) - (values?.[i] ?? Number.NaN)) / scale
          const rounding = array.reduce((most, _, i) => Math.max(most, errorOf(loops?.get(name), i)), 0)
          const tolerance = Math.max(TOLERANCE, ROUNDING * rounding)
          array.forEach((value, i) => {
            if (!(errorOf(actual?.get(name), i) <= tolerance)) throw new Error(`${name}[${i}]: ${value} and ${actual?.get(name)?.[i]}`)
          })
        }
      }),
      { numRuns: RUNS, seed: SEED },
    )
    expect([...used].sort()).toEqual(Object.keys(CONFIGS).sort())
  })
})
