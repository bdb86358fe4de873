import { type Model, toWireId } from '@trainyard/contracts'
import type { ModelRecord } from '@trainyard/database'
import { type ModelSpec, resolveModel } from '@trainyard/engine/spec'

export function serializeModel(row: ModelRecord): Model {
  return {
    id: toWireId('model', row.id),
    object: 'model',
    name: row.name,
    version: row.version,
    spec: row.spec,
    parameters: row.parameters,
    layers: row.layers,
    created_at: row.createdAt.toISOString(),
  }
}

/** Layers with their shapes and costs, of a specification that is valid. */
export function describeModel(spec: ModelSpec): Pick<Model, 'layers' | 'parameters'> {
  const layers = resolveModel(spec).layers.map(({ path, id, type, output, parameterCount, flops }) => ({
    path,
    id,
    type,
    output_shape: [...output],
    parameters: parameterCount,
    flops,
  }))
  return { layers, parameters: layers.reduce((sum, { parameters }) => sum + parameters, 0) }
}
