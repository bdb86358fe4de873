import { describe, expect, it } from 'vitest'
import { inferenceNodes, trainingNodes } from '../core/index.ts'
import { buildGraph, modelSpecSchema, parameterShapes, stateShapes } from './index.ts'

describe('buildGraph', () => {
  const spec = modelSpecSchema.parse({ version: 1, preset: { name: 'lenet5' } })
  const graph = buildGraph(spec, { batchSize: 128 })

  it('has the batch in every activation and the ops in order', () => {
    expect(inferenceNodes(graph).map(({ op }) => op)).toEqual([
      'conv2d',
      'activation',
      'max_pool2d',
      'conv2d',
      'activation',
      'max_pool2d',
      'reshape',
      'dense',
      'activation',
      'dense',
      'activation',
      'dense',
    ])
    expect(graph.tensors[graph.input]?.shape).toEqual([128, 1, 28, 28])
    expect(graph.tensors[graph.outputs[0]?.tensor ?? -1]?.shape).toEqual([128, 10])
    for (const node of inferenceNodes(graph)) expect(graph.tensors[node.outputs[0] ?? -1]?.shape[0]).toBe(128)
  })

  it("names parameters as PyTorch does and knows their layer's fan", () => {
    expect(graph.parameters.map(({ name, shape }) => ({ name, shape }))).toEqual(parameterShapes(spec))
    const [weight, bias] = graph.parameters
    expect(weight).toMatchObject({ name: 'conv1.weight', initializer: { config: { type: 'torch_default' }, fanIn: 25, fanOut: 150 } })
    expect(bias).toMatchObject({ name: 'conv1.bias', initializer: { fanIn: 25 } })
  })

  it('counts the channels of one group in the fan of a grouped convolution, as PyTorch does', () => {
    const layer = { type: 'conv2d', filters: 6, kernel: 3, groups: 2 } as const
    const grouped = buildGraph(modelSpecSchema.parse({ version: 1, input: { shape: [8, 5, 5] }, layers: [layer] }), { batchSize: 1 })
    // torch.nn.init._calculate_fan_in_and_fan_out of a weight [6, 4, 3, 3].
    expect(grouped.parameters.map(({ initializer: { fanIn, fanOut } }) => [fanIn, fanOut])).toEqual([
      [36, 54],
      [36, 54],
    ])
  })

  it('begins the running statistics of a batch normalization with mean 0 and variance 1, as PyTorch does', () => {
    const normalized = buildGraph(modelSpecSchema.parse({ version: 1, input: { shape: [3] }, layers: [{ type: 'batch_norm' }] }), {
      batchSize: 2,
    })
    expect(normalized.buffers.map(({ initializer: { config } }) => config)).toEqual([{ type: 'zeros' }, { type: 'constant', value: 1 }])
  })

  it('sums up the layers: LeNet-5 takes 416,520 multiply-adds and 6,518 bias additions', () => {
    // conv1 28·28·6·25 + conv2 10·10·16·150 + fc 400·120 + 120·84 + 84·10, by hand.
    const multiplyAdds = 117_600 + 240_000 + 48_000 + 10_080 + 840
    const counted = graph.layers.filter(({ type }) => type === 'conv2d' || type === 'dense').reduce((sum, { flops }) => sum + flops, 0)
    expect(multiplyAdds).toBe(416_520)
    // One addition of a bias for every output.
    const additions = 6 * 28 * 28 + 16 * 10 * 10 + 120 + 84 + 10
    expect(counted).toBe(2 * multiplyAdds + additions)
    expect(graph.layers.map(({ id }) => id)).toContain('fc3')
  })

  it('takes graphs: a residual block', () => {
    const residual = modelSpecSchema.parse({
      version: 1,
      inputs: { image: { shape: [3, 8, 8] } },
      nodes: [
        { id: 'sum', type: 'add', inputs: ['conv2', 'image'] },
        { id: 'conv1', type: 'conv2d', filters: 3, kernel: 3, padding: 'same', inputs: ['image'] },
        { id: 'conv2', type: 'conv2d', filters: 3, kernel: 3, padding: 'same', inputs: ['conv1'] },
      ],
      outputs: ['sum'],
    })
    const built = buildGraph(residual, { batchSize: 2 })
    expect(inferenceNodes(built).map(({ op, origin }) => `${op} ${origin}`)).toEqual(['conv2d nodes[1]', 'conv2d nodes[2]', 'add nodes[0]'])
    expect(built.tensors[built.outputs[0]?.tensor ?? -1]?.shape).toEqual([2, 3, 8, 8])
  })

  it('trains with the statistics of the batch, evaluates with the running ones, and keeps these where the layer is frozen', () => {
    const normalized = modelSpecSchema.parse({
      version: 1,
      input: { shape: [3] },
      layers: [{ type: 'dense', units: 4 }, { type: 'batch_norm' }, { type: 'dropout' }, { type: 'dense', units: 2 }],
    })
    const built = buildGraph(normalized, { batchSize: 2 })
    const ops = (nodes: ReturnType<typeof inferenceNodes>) => nodes.map(({ op }) => op)
    const learned = ['dense', 'batch_norm', 'running_statistics', 'dropout', 'dense']
    const fixed = ['dense', 'batch_norm_inference', 'dropout', 'dense']
    const named = new Map(built.parameters.map(({ name, tensor }) => [tensor, name]))
    expect(ops(trainingNodes(built, () => false))).toEqual(learned)
    expect(ops(trainingNodes(built, (tensor) => named.get(tensor) === 'bn1.weight'))).toEqual(learned)
    expect(ops(trainingNodes(built, (tensor) => named.get(tensor)?.startsWith('bn1.') === true))).toEqual(fixed)
    expect(ops(inferenceNodes(built))).toEqual(['dense', 'batch_norm_inference', 'reshape', 'dense'])
    // Both ways end in the tensors that the next layer reads.
    expect(inferenceNodes(built).map(({ outputs }) => outputs[0])).toEqual(
      trainingNodes(built, (tensor) => named.get(tensor)?.startsWith('bn1.') === true).map(({ outputs }) => outputs[0]),
    )
    expect(built.buffers.map(({ name, shape }) => ({ name, shape }))).toEqual([
      { name: 'bn1.running_mean', shape: [4] },
      { name: 'bn1.running_var', shape: [4] },
    ])
    expect(stateShapes(normalized).map(({ name }) => name)).toEqual([
      'fc1.weight',
      'fc1.bias',
      'bn1.weight',
      'bn1.bias',
      'bn1.running_mean',
      'bn1.running_var',
      'fc2.weight',
      'fc2.bias',
    ])
  })

  it('refuses a batch that is none and a model that is not valid', () => {
    expect(() => buildGraph(spec, { batchSize: 0 })).toThrow('expected a whole number from 1')
    const bad = modelSpecSchema.parse({ version: 1, input: { shape: [1, 2, 2] }, layers: [{ type: 'dense', units: 1 }] })
    expect(() => buildGraph(bad, { batchSize: 1 })).toThrow('the model is not valid')
  })
})
