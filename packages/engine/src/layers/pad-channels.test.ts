import { expect, it } from 'vitest'
import { createReferenceBackend } from '../backends/index.ts'
import { buildModel } from '../plan/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import { modelSpecSchema } from '../spec/model-spec.ts'
import { trainingConfigSchema } from '../spec/training-config.ts'
import { createSession } from '../train/index.ts'

it('puts zeros before and after the channels that are there', () => {
  const spec = { version: 1, input: { shape: [2] }, layers: [{ type: 'pad_channels', before: 1, after: 3 }] }
  const training = trainingConfigSchema.parse({ loss: { type: 'squared_error' } })
  const model = buildModel(buildGraph(modelSpecSchema.parse(spec), { batchSize: 2 }), training)
  const session = createSession({ model, backend: createReferenceBackend(), threads: 1 })
  session.predict(Float32Array.of(1, 2, 3, 4), 2)
  expect([...session.predictions()]).toEqual([0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0])
  session.close()
})
