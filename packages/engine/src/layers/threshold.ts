// The unit of McCulloch and Pitts 1943. Give the weights of the layer before it by initializer; they are not learned.

import { z } from 'zod'
import { defineLayer, single } from './layer.ts'
import { layerConfig } from './layer-config.ts'

export const thresholdConfigSchema = layerConfig('threshold', {
  threshold: z.number().default(0).meta({ description: 'The unit fires (1) where its input is at least this, else it gives 0.' }),
})

export const threshold = defineLayer({
  summary: '1 for x ≥ threshold, else 0. Its derivative is 0: layers before it do not learn.',
  config: thresholdConfigSchema,
  idPrefix: 'threshold',
  arity: [1, 1],
  inputRank: null,
  build: (builder, [x], config) => single(builder.emit('threshold', [x], { threshold: config.threshold })),
  samples: [
    { name: 'features', config: { type: 'threshold' }, inputs: [[5]], output: [5], parameters: 0 },
    { name: 'image', config: { type: 'threshold', threshold: 1.5 }, inputs: [[3, 4, 5]], output: [3, 4, 5], parameters: 0 },
  ],
  errors: [],
})
