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
