import { describe, expect, it } from 'vitest'
import { resolveModel } from '../resolve-model.ts'
import { validateModelSpec } from '../validate-model.ts'
import { PRESET_NAMES, PRESETS } from './registry.ts'

function resolve(name: string, options: Readonly<Record<string, unknown>>) {
  const result = validateModelSpec({ version: 1, preset: { name, options } })
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return resolveModel(result.spec).layers
}

describe.each(PRESET_NAMES)('preset %s', (name) => {
  it.each(PRESETS[name].published)('has $parameters parameters with $options ($source)', ({ options, parameters }) => {
    expect(resolve(name, options).reduce((sum, layer) => sum + layer.parameterCount, 0)).toBe(parameters)
  })
})

describe('lenet5', () => {
  // LeCun et al. 1998, figure 2: C1 6@28×28, S2 6@14×14, C3 16@10×10, S4 16@5×5, C5 120, F6 84, output 10.
  it('has the shapes of the paper', () => {
    const shapes = resolve('lenet5', {})
      .filter(({ type }) => type !== 'relu' && type !== 'flatten')
      .map(({ id, output }) => [id, output])
    expect(shapes).toEqual([
      ['conv1', [6, 28, 28]],
      ['pool1', [6, 14, 14]],
      ['conv2', [16, 10, 10]],
      ['pool2', [16, 5, 5]],
      ['fc1', [120]],
      ['fc2', [84]],
      ['fc3', [10]],
    ])
  })

  it('takes its activation and its classes from the options', () => {
    const layers = resolve('lenet5', { activation: 'tanh', classes: 47 })
    expect(layers.map(({ type }) => type)).toContain('tanh')
    expect(layers.at(-1)?.output).toEqual([47])
  })
})

describe('mlp', () => {
  it('puts activations between the layers only, unless told', () => {
    const types = (options: Record<string, unknown>) =>
      resolve('mlp', { sizes: [2, 8, 1], activation: 'tanh', ...options }).map(({ type }) => type)
    expect(types({})).toEqual(['dense', 'tanh', 'dense'])
    expect(types({ output_activation: 'sigmoid' })).toEqual(['dense', 'tanh', 'dense', 'sigmoid'])
    expect(types({ sizes: [4, 1], input: [1, 2, 2] })).toEqual(['flatten', 'dense'])
  })
})

describe('networks of torchvision', () => {
  const parameters = (name: string, options: Readonly<Record<string, unknown>> = {}) =>
    new Map(resolve(name, options).flatMap((layer) => layer.parameters.map((parameter) => [parameter.name, parameter.shape] as const)))
  /** The state_dict of a ResNet of basic blocks, in its order, without running statistics. */
  const basicBlockNames = (blocks: readonly number[]) => {
    const normalized = (conv: string, bn: string) => [`${conv}.weight`, `${bn}.weight`, `${bn}.bias`]
    const names = normalized('conv1', 'bn1')
    blocks.forEach((count, stage) => {
      for (let block = 0; block < count; block++) {
        const prefix = `layer${stage + 1}.${block}`
        names.push(...normalized(`${prefix}.conv1`, `${prefix}.bn1`), ...normalized(`${prefix}.conv2`, `${prefix}.bn2`))
        if (stage > 0 && block === 0) names.push(...normalized(`${prefix}.downsample.0`, `${prefix}.downsample.1`))
      }
    })
    return [...names, 'fc.weight', 'fc.bias']
  }

  it('have its parameter names: ResNet-18 and -34', () => {
    expect([...parameters('resnet18').keys()]).toEqual(basicBlockNames([2, 2, 2, 2]))
    expect([...parameters('resnet34').keys()]).toEqual(basicBlockNames([3, 4, 6, 3]))
  })

  it('have its bottlenecks: ResNet-50', () => {
    const shapes = parameters('resnet50')
    // torchvision: len(list(resnet50().parameters())) is 161.
    expect(shapes.size).toBe(161)
    expect(shapes.get('layer1.0.downsample.0.weight')).toEqual([256, 64, 1, 1])
    expect(shapes.get('layer2.0.conv1.weight')).toEqual([128, 256, 1, 1])
    expect(shapes.get('layer2.0.conv2.weight')).toEqual([128, 128, 3, 3])
    expect(shapes.get('layer4.2.conv3.weight')).toEqual([2048, 512, 1, 1])
    expect(shapes.get('layer4.2.bn3.bias')).toEqual([2048])
    expect(shapes.get('fc.weight')).toEqual([1000, 2048])
  })

  it('count their modules as its containers do: AlexNet and VGG', () => {
    const weights = (name: string, options: Readonly<Record<string, unknown>> = {}) =>
      [...parameters(name, options)].filter(([key, shape]) => key.endsWith('.weight') && shape.length > 1).map(([key]) => key.slice(0, -7))
    expect(weights('alexnet')).toEqual([
      ...[0, 3, 6, 8, 10].map((index) => `features.${index}`),
      ...[1, 4, 6].map((index) => `classifier.${index}`),
    ])
    const head = [0, 3, 6].map((index) => `classifier.${index}`)
    expect(weights('vgg11')).toEqual([...[0, 3, 6, 8, 11, 13, 16, 18].map((index) => `features.${index}`), ...head])
    expect(weights('vgg11', { batch_norm: true })).toEqual([...[0, 4, 8, 11, 15, 18, 22, 25].map((index) => `features.${index}`), ...head])
  })

  // GFLOPS of torchvision's table of weights; it counts a multiply-add of convolutions and dense layers as one.
  it.each([
    ['alexnet', 0.71],
    ['vgg11', 7.61],
    ['vgg16', 15.47],
    ['vgg19', 19.63],
    ['resnet18', 1.81],
    ['resnet34', 3.66],
    ['resnet50', 4.09],
    ['resnet101', 7.8],
    ['resnet152', 11.51],
  ])('need as many multiply-adds for an image: %s', (name, published) => {
    const products = resolve(name, {}).filter(({ type }) => type === 'conv2d' || type === 'dense')
    // A bias addition for each output of a layer that has one.
    const additions = products.map(({ parameters: own, output }) =>
      own.length > 1 ? output.reduce((size, extent) => size * extent, 1) : 0,
    )
    const flops = products.reduce((sum, layer, index) => sum + layer.flops - (additions[index] ?? 0), 0)
    expect(flops / 2e9).toBeCloseTo(published, 2)
  })
})

describe('networks of 6n + 2 layers', () => {
  it.each([20, 32, 44, 56, 110])('have that many layers with weights: %i', (depth) => {
    const weighted = (name: string) => resolve(name, {}).filter(({ type }) => type === 'conv2d' || type === 'dense')
    expect(weighted(`resnet${depth}`)).toHaveLength(depth)
    expect(weighted(`plain${depth}`)).toHaveLength(depth)
  })

  it('are plain without the sums, under the same names', () => {
    const names = (name: string) => resolve(name, {}).flatMap(({ parameters }) => parameters.map((parameter) => parameter.name))
    expect(names('plain20')).toEqual(names('resnet20'))
    expect(names('plain20')).toContain('layer2.0.conv1.weight')
    expect(resolve('plain20', {}).map(({ type }) => type)).not.toContain('add')
    expect(resolve('resnet20', {}).filter(({ type }) => type === 'add')).toHaveLength(9)
  })

  it('pad new channels with zeros on both sides', () => {
    const shortcut = resolve('resnet20', {}).filter(({ id }) => id.startsWith('layer3.0.downsample'))
    expect(shortcut.map(({ type, output }) => [type, output])).toEqual([
      ['avg_pool2d', [32, 8, 8]],
      ['pad_channels', [64, 8, 8]],
    ])
  })
})

describe('autoencoders', () => {
  it('give back as many values as they take, through the code', () => {
    const sizes = resolve('dense_autoencoder', { hidden: [64], code: 7 })
      .filter(({ type }) => type === 'dense')
      .map(({ id, output }) => [id, ...output])
    expect(sizes).toEqual([
      ['encoder.0', 64],
      ['encoder.2', 7],
      ['decoder.0', 64],
      ['decoder.2', 784],
    ])
    const layers = resolve('conv_autoencoder', { input: [3, 32, 32], code: 5 })
    expect(layers.find(({ id }) => id === 'encoder.5')?.output).toEqual([5])
    expect(layers.at(-1)?.output).toEqual([3 * 32 * 32])
  })
})
