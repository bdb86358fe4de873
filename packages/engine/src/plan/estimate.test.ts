import { describe, expect, it } from 'vitest'
import { createReferenceBackend } from '../backends/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import { modelSpecSchema } from '../spec/model-spec.ts'
import { trainingConfigSchema } from '../spec/training-config.ts'
import { buildModel, estimateTraining } from './index.ts'

const lenet5 = modelSpecSchema.parse({ version: 1, preset: { name: 'lenet5' } })
const training = trainingConfigSchema.parse({
  batch_size: 8,
  loss: { type: 'softmax_cross_entropy' },
  optimizer: { type: 'adam' },
})

describe('estimateTraining', () => {
  const estimate = estimateTraining(lenet5, training)

  it('counts the parameters of LeNet-5', () => {
    // 156 + 2,416 + 48,120 + 10,164 + 850 (LeCun et al. 1998, with full connections in the second convolution)
    expect(estimate.parameters).toBe(61_706)
    expect(estimate.trainableParameters).toBe(61_706)
    expect(estimateTraining(lenet5, training, { frozen: ['conv1.weight', 'conv1.bias'] }).trainableParameters).toBe(61_550)
  })

  it('counts operations by phase and row', () => {
    // 416,520 multiply-adds forward; backward twice as many, but nothing by the input of the first convolution.
    const multiplyAdds = 416_520
    expect(estimate.flops.predict / 8).toBeGreaterThan(2 * multiplyAdds)
    expect(estimate.flops.predict / 8).toBeLessThan(2.1 * multiplyAdds)
    expect(estimate.flops.train / estimate.flops.predict).toBeGreaterThan(2)
    expect(estimate.flops.train / estimate.flops.predict).toBeLessThan(4)
    expect(estimateTraining(lenet5, { ...training, batch_size: 16 }).flops.predict).toBe(2 * estimate.flops.predict)
  })

  it('counts the weights that early stopping keeps, running statistics among them', () => {
    const stopping = (restore_best: boolean) => trainingConfigSchema.parse({ ...training, early_stopping: { restore_best } })
    expect(estimate.bytes.best).toBe(0)
    expect(estimateTraining(lenet5, stopping(false)).bytes).toEqual(estimate.bytes)
    const kept = estimateTraining(lenet5, stopping(true)).bytes
    expect([kept.best, kept.total - estimate.bytes.total]).toEqual([4 * 61_706, 4 * 61_706])
    const normalized = modelSpecSchema.parse({
      version: 1,
      input: { shape: [3] },
      layers: [{ type: 'batch_norm' }, { type: 'dense', units: 10 }],
    })
    // γ, β and two statistics of three columns; ten units of three weights and a bias.
    expect(estimateTraining(normalized, stopping(true)).bytes.best).toBe(4 * (4 * 3 + 10 * 4))
  })

  it('says what the reference backend takes, but for its scratch memory', () => {
    expect(estimate.bytes.parameters).toBe(4 * 61_706)
    expect(estimate.bytes.gradients).toBe(4 * 61_706)
    expect(estimate.bytes.optimizer).toBe(8 * 61_706)
    const model = buildModel(buildGraph(lenet5, { batchSize: 8 }), training)
    const { bytes } = createReferenceBackend().compile(model.program, { threads: 1 })
    // The matrix of windows: 150 · 100 in the second convolution, 25 · 784 in the first.
    expect(bytes - estimate.bytes.total).toBe(4 * 25 * 784)
  })
})
