import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BAD_SPECS } from './bad-specs.samples.ts'
import { buildGraph } from './build-graph.ts'
import { type ModelSpec, type ModelSpecInput, modelSpecSchema } from './model-spec.ts'
import { resolveModel } from './resolve-model.ts'
import { validateModelSpec } from './validate-model.ts'

const issuesOf = (json: unknown, path = '') => {
  const result = validateModelSpec(json, { path })
  return result.ok ? [] : result.issues
}

describe('validateModelSpec', () => {
  it.each(BAD_SPECS)('finds: $name', ({ json, issues }) => {
    const found = issuesOf(json)
    expect(found.map(({ path, code }) => `${path} ${code}`).sort()).toEqual([...issues].sort())
    for (const { message, hint } of found) {
      expect(message.length).toBeGreaterThan(10)
      expect(hint.length).toBeGreaterThan(3)
      expect(message + hint).not.toMatch(/undefined|\[object|NaN units/)
    }
  })

  it('says what was meant', () => {
    const hints = (layer: unknown, shape = [1, 28, 28]) =>
      issuesOf({ version: 1, input: { shape }, layers: [layer] }).map(({ hint }) => hint)
    expect(hints({ type: 'conv2' })).toEqual(['Did you mean "conv2d"?'])
    expect(hints({ type: 'Linear' })).toEqual(['Did you mean "dense"?'])
    expect(hints({ type: 'MaxPool' })).toEqual(['Did you mean "max_pool2d"?'])
    expect(hints({ type: 'dense', units: 1, weight_initializer: 'glorot_uniform' }, [4])).toEqual(['Did you mean "xavier_uniform"?'])
    expect(hints({ type: 'dense', units: 1, out_features: 1 }, [4])).toEqual(['Did you mean "units"?'])
  })

  it('writes messages as one would say them', () => {
    const [issue] = issuesOf({ version: 1, input: { shape: [1, 28, 28] }, layers: [{ type: 'dense', units: 10 }] }, 'model')
    expect(issue).toEqual({
      path: 'model.layers[0]',
      code: 'wrong_rank',
      message: '"fc1": the input has the shape [1, 28, 28], but a layer of type "dense" takes [features].',
      hint: 'Put a layer of type "flatten" before it.',
    })
  })

  it('lists at most a hundred mistakes and says that there are more', () => {
    const found = issuesOf({ version: 1, input: { shape: [4] }, layers: new Array(500).fill({ type: 'nothing' }) })
    expect(found).toHaveLength(101)
    expect(found.at(-1)?.message).toBe('There are more mistakes than these 100.')
  })

  it('fills in defaults, and its answer is valid again and stays the same', () => {
    const result = validateModelSpec({ version: 1, preset: { name: 'lenet5' } })
    if (!result.ok) throw new Error('not valid')
    expect(result.spec).toEqual({
      version: 1,
      preset: { name: 'lenet5', options: { input: [1, 28, 28], classes: 10, activation: 'relu' } },
    })
    expect(validateModelSpec(result.spec)).toEqual(result)
  })

  it('survives any JSON without an exception', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        validateModelSpec(value)
        validateModelSpec({ version: 1, input: value, layers: [value, { type: value }] })
        validateModelSpec({ version: 1, inputs: value, nodes: [value, { type: 'dense', id: value, inputs: value }], outputs: value })
        validateModelSpec({ version: 1, preset: { name: 'mlp', options: value } })
      }),
      { numRuns: 300 },
    )
  })

  it('survives keys with a meaning of their own', () => {
    const hostile = JSON.parse(
      '{"version":1,"inputs":{"__proto__":{"shape":[4]}},"nodes":[{"type":"relu","id":"__proto__","inputs":["__proto__"]}],"outputs":["constructor"],"__proto__":{"a":1}}',
    )
    expect(issuesOf(hostile).length).toBeGreaterThan(0)
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false)
  })
})

describe('default ids', () => {
  const ids = (layers: readonly unknown[]) => {
    const result = validateModelSpec({ version: 1, input: { shape: [1, 8, 8] }, layers })
    if (!result.ok) throw new Error(JSON.stringify(result.issues))
    return resolveModel(result.spec).layers.map(({ id }) => id)
  }

  it('count per type and step over those that are taken', () => {
    const conv = { type: 'conv2d', filters: 1, kernel: 1 }
    expect(ids([conv, { type: 'relu' }, conv, { ...conv, id: 'conv3' }, conv])).toEqual(['conv1', 'relu1', 'conv2', 'conv3', 'conv4'])
    expect(ids([conv, { ...conv, id: 'conv1' }])).toEqual(['conv2', 'conv1'])
  })
})

describe('graphs', () => {
  it('are ordered whatever the order of their nodes', () => {
    const nodes = [
      { id: 'sum', type: 'add', inputs: ['x', 'b'] },
      { id: 'b', type: 'dense', units: 4, inputs: ['a'] },
      { id: 'a', type: 'relu', inputs: ['x'] },
    ]
    const result = validateModelSpec({ version: 1, inputs: { x: { shape: [4] } }, nodes, outputs: ['sum'] })
    if (!result.ok) throw new Error(JSON.stringify(result.issues))
    expect(resolveModel(result.spec).layers.map(({ id, output }) => [id, output])).toEqual([
      ['a', [4]],
      ['b', [4]],
      ['sum', [4]],
    ])
  })
})

/** A chain that is valid by construction, with the output shape and parameter count that it must have. */
interface Grown {
  readonly shape: readonly number[]
  readonly parameters: number
  readonly layers: readonly Extract<ModelSpecInput, { layers: unknown }>['layers'][number][]
}

function grow({ shape, parameters, layers }: Grown, choice: number, size: number): Grown {
  const [channels = 1, height = 1, width = 1] = shape
  const kind = choice % 5
  if (kind === 0) return { shape, parameters, layers: [...layers, { type: 'relu' }] }
  if (shape.length === 1) {
    const added = channels * size + size
    return { shape: [size], parameters: parameters + added, layers: [...layers, { type: 'dense', units: size }] }
  }
  if (kind === 1) return { shape: [channels * height * width], parameters, layers: [...layers, { type: 'flatten' }] }
  const kernel = 1 + (choice % Math.min(height, width))
  if (kind === 2) {
    const pooled = [channels, Math.floor(height / kernel), Math.floor(width / kernel)]
    return { shape: pooled, parameters, layers: [...layers, { type: 'max_pool2d', kernel }] }
  }
  const weights = parameters + size * (channels * kernel * kernel + 1)
  const output = kind === 3 ? [size, height - kernel + 1, width - kernel + 1] : [size, height, width]
  const layer = { type: 'conv2d' as const, filters: size, kernel, padding: kind === 3 ? ('valid' as const) : ('same' as const) }
  return { shape: output, parameters: weights, layers: [...layers, layer] }
}

describe('random valid chains', () => {
  it('are accepted, with the shapes and parameters that they must have', () => {
    const steps = fc.array(fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 8 })), { minLength: 1, maxLength: 12 })
    const side = fc.integer({ min: 1, max: 16 })
    fc.assert(
      fc.property(fc.tuple(fc.integer({ min: 1, max: 4 }), side, side), steps, (shape, choices) => {
        const start: Grown = { shape, parameters: 0, layers: [] }
        const grown = choices.reduce((state, [choice, size]) => grow(state, choice, size), start)
        const result = validateModelSpec({ version: 1, input: { shape }, layers: grown.layers })
        if (!result.ok) throw new Error(JSON.stringify(result.issues))
        const { layers } = resolveModel(result.spec)
        expect(layers.at(-1)?.output).toEqual(grown.shape)
        expect(layers.reduce((sum, { parameterCount }) => sum + parameterCount, 0)).toBe(grown.parameters)
        const graph = buildGraph(result.spec, { batchSize: 2 })
        expect(graph.tensors[graph.outputs[0]?.tensor ?? -1]?.shape).toEqual([2, ...grown.shape])
        expect(modelSpecSchema.parse(result.spec)).toEqual(result.spec satisfies ModelSpec)
      }),
      { numRuns: 300 },
    )
  })
})
