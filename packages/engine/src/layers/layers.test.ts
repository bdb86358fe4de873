import { describe, expect, it } from 'vitest'
import { layerSchema, nodeSchema } from '../spec/model-spec.ts'
import { resolveModel } from '../spec/resolve-model.ts'
import { validateModelSpec } from '../spec/validate-model.ts'
import { LAYER_TYPES, layerOf } from './index.ts'

/** A graph with one node of the layer, one model input per sample input would be needed; several come from dense layers on one. */
function graphOf(config: Record<string, unknown>, inputs: readonly (readonly number[])[]) {
  const [shape = []] = inputs
  return {
    version: 1,
    inputs: { x: { shape } },
    nodes: [{ ...config, id: 'layer', inputs: inputs.map(() => 'x') }],
    outputs: ['layer'],
  }
}

/** Inputs that differ in shape: dense nodes make them from one. */
function unequalGraph(config: Record<string, unknown>, inputs: readonly (readonly number[])[]) {
  const makers = inputs.map((shape, index) => ({ type: 'dense', units: shape[0], id: `in${index}`, inputs: ['x'] }))
  return {
    version: 1,
    inputs: { x: { shape: [1] } },
    nodes: [...makers, { ...config, id: 'layer', inputs: makers.map(({ id }) => id) }],
    outputs: ['layer'],
  }
}

const valid = (json: unknown) => {
  const result = validateModelSpec(json)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.spec
}

describe.each(LAYER_TYPES)('layer %s', (type) => {
  const layer = layerOf(type)

  it('is in both forms of the specification', () => {
    const typesOf = (schema: typeof layerSchema | typeof nodeSchema) => schema.options.flatMap((option) => [...option.shape.type.values])
    expect(typesOf(nodeSchema)).toContain(type)
    if (layer.arity[0] === 1) expect(typesOf(layerSchema)).toContain(type)
  })

  it.each(layer.samples)('computes shape and parameters of: $name', ({ config, inputs, output, parameters }) => {
    const last = resolveModel(valid(graphOf(config, inputs))).layers.at(-1)
    expect({ output: last?.output, parameters: last?.parameterCount }).toEqual({ output, parameters })
  })

  it.each(layer.errors)('refuses $inputs with $code', ({ config, inputs, code }) => {
    const isUnequal = new Set(inputs.map(String)).size > 1
    const result = validateModelSpec(isUnequal ? unequalGraph(config, inputs) : graphOf(config, inputs))
    expect(result.ok ? [] : result.issues.map((issue) => issue.code)).toEqual([code])
  })
})
