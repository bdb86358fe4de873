import { describe, expect, it } from 'vitest'
import { inferenceNodes } from '../core/index.ts'
import { buildGraph, modelSpecSchema, parameterShapes, resolveModel, validateModelSpec } from './index.ts'

const conv = (filters: number, stride = 1) => ({ type: 'conv2d', filters, kernel: 3, stride, padding: 1, bias: false }) as const
const projection = (filters: number) => ({ type: 'conv2d', filters, kernel: 1, stride: 2, bias: false }) as const

const valid = (json: unknown) => {
  const result = validateModelSpec(json)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.spec
}
const issuesOf = (json: unknown) => {
  const result = validateModelSpec(json)
  return result.ok ? [] : result.issues
}

/** torchvision's resnet, without its normalization: two blocks, of which the first changes the shape. */
const BLOCKS = {
  version: 1,
  input: { shape: [3, 8, 8] },
  layers: [
    { ...conv(4), id: 'conv1' },
    { type: 'relu' },
    {
      type: 'sequential',
      id: 'layer1',
      layers: [
        { type: 'residual', layers: [conv(8, 2), { type: 'relu' }, conv(8)], shortcut: [projection(8)], activation: 'relu' },
        { type: 'residual', layers: [conv(8), { type: 'relu' }, conv(8)], activation: 'relu' },
      ],
    },
    { type: 'global_avg_pool2d' },
    { type: 'dense', units: 10, id: 'fc' },
  ],
}

describe('composites in a list', () => {
  it('name parameters as torchvision does, in its order', () => {
    expect(parameterShapes(valid(BLOCKS)).map(({ name }) => name)).toEqual([
      'conv1.weight',
      'layer1.0.conv1.weight',
      'layer1.0.conv2.weight',
      'layer1.0.downsample.0.weight',
      'layer1.1.conv1.weight',
      'layer1.1.conv2.weight',
      'fc.weight',
      'fc.bias',
    ])
  })

  it('become one flat graph: the sum of body and shortcut, then the activation', () => {
    const layers = resolveModel(valid(BLOCKS)).layers.map(({ id, inputs, path }) => `${id} ← ${inputs.join(', ')} (${path})`)
    expect(layers.slice(2, 12)).toEqual([
      'layer1.0.conv1 ← relu1 (layers[2].layers[0].layers[0])',
      'layer1.0.relu1 ← layer1.0.conv1 (layers[2].layers[0].layers[1])',
      'layer1.0.conv2 ← layer1.0.relu1 (layers[2].layers[0].layers[2])',
      'layer1.0.downsample.0 ← relu1 (layers[2].layers[0].shortcut[0])',
      'layer1.0.add ← layer1.0.conv2, layer1.0.downsample.0 (layers[2].layers[0])',
      'layer1.0.relu ← layer1.0.add (layers[2].layers[0])',
      'layer1.1.conv1 ← layer1.0.relu (layers[2].layers[1].layers[0])',
      'layer1.1.relu1 ← layer1.1.conv1 (layers[2].layers[1].layers[1])',
      'layer1.1.conv2 ← layer1.1.relu1 (layers[2].layers[1].layers[2])',
      'layer1.1.add ← layer1.1.conv2, layer1.0.relu (layers[2].layers[1])',
    ])
  })

  it('have default names of their own', () => {
    const names = parameterShapes(
      valid({
        version: 1,
        input: { shape: [4] },
        layers: [
          { type: 'residual', layers: [{ type: 'dense', units: 4 }] },
          { type: 'sequential', layers: [{ type: 'relu' }, { type: 'dense', units: 4, bias: false }] },
          { type: 'residual', id: 'block3', layers: [{ type: 'dense', units: 4, bias: false }] },
          { type: 'residual', layers: [{ type: 'dense', units: 4, bias: false }] },
        ],
      }),
    )
    expect(names.map(({ name }) => name)).toEqual([
      'block1.fc1.weight',
      'block1.fc1.bias',
      'sequential1.1.weight',
      'block3.fc1.weight',
      'block2.fc1.weight',
    ])
  })

  it('keep what the user wrote, with defaults, and stay valid', () => {
    const spec = valid(BLOCKS)
    expect(validateModelSpec(spec)).toEqual({ ok: true, spec })
    expect(modelSpecSchema.parse(spec)).toEqual(spec)
    expect(inferenceNodes(buildGraph(spec, { batchSize: 2 })).filter(({ op }) => op === 'add')).toHaveLength(2)
  })
})

describe('composites in a graph', () => {
  const block = { type: 'residual', id: 'block', inputs: ['x'], layers: [{ type: 'dense', units: 4, bias: false }] }
  const head = { type: 'dense', id: 'head', units: 2, bias: false, inputs: ['block'] }
  const graph = (nodes: readonly unknown[], outputs: readonly string[]) => ({ version: 1, inputs: { x: { shape: [4] } }, nodes, outputs })

  it('are read under their own name, or by a layer inside', () => {
    const tap = { type: 'add', id: 'tap', inputs: ['block.fc1', 'block'] }
    const layers = resolveModel(valid(graph([{ ...head, inputs: ['tap'] }, tap, block], ['head']))).layers
    expect(layers.map(({ id, inputs }) => [id, ...inputs])).toEqual([
      ['block.fc1', 'x'],
      ['block.add', 'block.fc1', 'x'],
      ['tap', 'block.fc1', 'block.add'],
      ['head', 'tap'],
    ])
    expect(inferenceNodes(buildGraph(valid(graph([block], ['block'])), { batchSize: 3 })).map(({ op }) => op)).toEqual(['dense', 'add'])
  })

  it('have their links checked once', () => {
    const found = (nodes: readonly unknown[], outputs: readonly string[]) =>
      issuesOf(graph(nodes, outputs)).map(({ path, code }) => `${path} ${code}`)
    expect(found([{ ...block, inputs: ['y'] }, head], ['head'])).toEqual(['nodes[0].inputs[0] unknown_input'])
    expect(found([{ ...block, inputs: ['x', 'x'] }, head], ['head'])).toEqual(['nodes[0].inputs wrong_input_count'])
    expect(found([block, { ...head, inputs: ['x'] }], ['head'])).toEqual(['nodes[0] unused'])
    expect(found([block, block, head], ['head'])).toEqual(['nodes[1].id duplicate_id'])
    expect(found([{ ...block, inputs: ['head'] }, head], ['head'])).toEqual(['nodes[0].layers[0] cycle'])
  })
})

describe('mistakes inside of composites', () => {
  it('say where, and what to do about a shortcut of another shape', () => {
    const layers = [{ type: 'residual', id: 'block', layers: [conv(8, 2)] }]
    expect(issuesOf({ version: 1, input: { shape: [3, 8, 8] }, layers })).toEqual([
      {
        path: 'layers[0]',
        code: 'shortcut_mismatch',
        message: '"block": the layers give [8, 4, 4], but the shortcut gives [3, 8, 8]; expected equal shapes.',
        hint: 'Give "shortcut" layers that turn its input into [8, 4, 4], such as a 1x1 convolution with the stride of the block.',
      },
    ])
  })
})
