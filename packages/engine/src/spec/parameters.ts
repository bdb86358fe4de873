// The parameters and buffers of a model by name, from its specification alone.

import type { ModelSpec } from './model-spec.ts'
import { resolveModel } from './resolve-model.ts'
import type { NamedShape } from './transfer-plan.ts'

/** In the order of the layers. @example parameterShapes(lenet)[0] // { name: 'conv1.weight', shape: [6, 1, 5, 5] } */
export function parameterShapes(spec: ModelSpec): readonly NamedShape[] {
  return resolveModel(spec).layers.flatMap(({ parameters }) => parameters.map(({ name, shape }) => ({ name, shape })))
}

/** Everything that a checkpoint keeps of the model: parameters and buffers, layer by layer, as in PyTorch's state_dict. */
export function stateShapes(spec: ModelSpec): readonly NamedShape[] {
  return resolveModel(spec).layers.flatMap(({ parameters, buffers }) =>
    [...parameters, ...buffers].map(({ name, shape }) => ({ name, shape })),
  )
}
