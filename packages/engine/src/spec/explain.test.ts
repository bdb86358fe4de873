import { expect, it } from 'vitest'
import { explainModel, formatExplanation } from './explain.ts'
import { modelSpecSchema } from './model-spec.ts'

it('prints LeNet-5', () => {
  const text = formatExplanation(explainModel(modelSpecSchema.parse({ version: 1, preset: { name: 'lenet5' } })))
  expect(text).toMatchInlineSnapshot(`
    "layer     type        reads     output        parameters    FLOPs  weight bytes  output bytes
    ─────────────────────────────────────────────────────────────────────────────────────────────
    conv1     conv2d      input     [6, 28, 28]          156  239,904           624        18,816
    relu1     relu        conv1     [6, 28, 28]            0    4,704             0        18,816
    pool1     max_pool2d  relu1     [6, 14, 14]            0    4,704             0         9,408
    conv2     conv2d      pool1     [16, 10, 10]       2,416  481,600         9,664         6,400
    relu2     relu        conv2     [16, 10, 10]           0    1,600             0         6,400
    pool2     max_pool2d  relu2     [16, 5, 5]             0    1,600             0         3,200
    flatten1  flatten     pool2     [400]                  0        0             0             0
    fc1       dense       flatten1  [120]             48,120   96,120       192,480           480
    relu3     relu        fc1       [120]                  0      120             0           480
    fc2       dense       relu3     [84]              10,164   20,244        40,656           336
    relu4     relu        fc2       [84]                   0       84             0           336
    fc3       dense       relu4     [10]                 850    1,690         3,400            40
    ─────────────────────────────────────────────────────────────────────────────────────────────
    total                                             61,706  852,370       246,824        64,712"
  `)
})

it('names what a chain reads', () => {
  const spec = modelSpecSchema.parse({ version: 1, input: { shape: [2] }, layers: [{ type: 'dense', units: 1, bias: false }] })
  expect(explainModel(spec)).toEqual({
    layers: [{ id: 'fc1', type: 'dense', inputs: ['input'], output: [1], parameters: 2, flops: 4, parameterBytes: 8, activationBytes: 4 }],
    total: { parameters: 2, flops: 4, parameterBytes: 8, activationBytes: 4 },
  })
})
