// Another shape for the same values: a vector as an image.

import { z } from 'zod'
import { elementCount } from '../core/tensor.ts'
import { ShapeError } from '../ops/op.ts'
import { defineLayer, single } from './layer.ts'
import { dimensionSchema, layerConfig } from './layer-config.ts'

export const reshapeConfigSchema = layerConfig('reshape', {
  shape: z.array(dimensionSchema).min(1).max(3).meta({ description: 'Without the batch: [features] or [channels, height, width].' }),
})

export const reshape = defineLayer({
  summary: 'Another shape for the same values, rows first as in memory.',
  config: reshapeConfigSchema,
  idPrefix: 'reshape',
  arity: [1, 1],
  inputRank: null,
  build: (builder, [x], { shape }) => {
    const [batch = 1, ...own] = builder.type(x).shape
    const count = elementCount(own)
    // Three sizes may have a product past all safe integers; it differs from any count then.
    const expected = shape.reduce((product, size) => product * size, 1)
    if (count !== expected) {
      const message = `the input has the shape [${own.join(', ')}] with ${count} values; expected ${expected} for [${shape.join(', ')}]`
      throw new ShapeError('wrong_element_count', message, 'Use a shape with as many values.')
    }
    return single(builder.emit('reshape', [x], { shape: [batch, ...shape] }))
  },
  samples: [
    { name: 'a vector as an image', config: { type: 'reshape', shape: [32, 7, 7] }, inputs: [[1568]], output: [32, 7, 7], parameters: 0 },
    { name: 'an image as a vector', config: { type: 'reshape', shape: [12] }, inputs: [[3, 2, 2]], output: [12], parameters: 0 },
    { name: 'another image', config: { type: 'reshape', shape: [1, 4, 6] }, inputs: [[6, 2, 2]], output: [1, 4, 6], parameters: 0 },
  ],
  errors: [{ config: { type: 'reshape', shape: [3, 5, 5] }, inputs: [[70]], code: 'wrong_element_count' }],
})
