// Layouts of parameters: the first op that uses one decides, all others reorder.

import type { TensorId } from '../../../core/tensor.ts'
import type { Descriptor } from '../binding/binding.ts'
import { isSameShape } from '../layout/shapes.ts'
import type { PhaseBuilder } from './builder.ts'
import type { Form } from './placements.ts'

/** The layout that another op has fixed, if it has the same dimensions. */
export function decidedLayout(b: PhaseBuilder, weight: TensorId, { dimensions }: Pick<Form, 'dimensions'>): Descriptor | null {
  if (!b.persistent.isDecided(weight)) return null
  const form = b.persistent.form(weight)
  return isSameShape(form.dimensions, dimensions) ? form.descriptor : null
}

/** Biases are stored with the padded channels. */
export function decideBias(b: PhaseBuilder, bias: TensorId, channels: number): Form {
  const form = { descriptor: b.binding.descriptor([channels], 'f32', 'plain'), dimensions: [channels], logical: b.tensor(bias).shape }
  b.persistent.decide(bias, form)
  return form
}
