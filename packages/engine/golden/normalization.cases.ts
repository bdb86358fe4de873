// Networks with batch and layer normalization (golden/normalization_trajectory.py).

import { BATCH, type TrajectoryFamily } from './trajectory-case.ts'

/** Real rows of the last batch of a case; the others are full. */
const HALF = BATCH / 2

export const NORMALIZATION: TrajectoryFamily = {
  file: 'normalization-trajectory.safetensors',
  cases: [
    {
      name: 'images',
      learningRate: 0.05,
      lastCount: HALF,
      spec: {
        version: 1,
        input: { shape: [2, 8, 8] },
        layers: [
          { type: 'conv2d', filters: 6, kernel: 3, padding: 1, bias: false },
          { type: 'batch_norm' },
          { type: 'relu' },
          { type: 'max_pool2d' },
          { type: 'conv2d', filters: 5, kernel: 3 },
          { type: 'batch_norm', epsilon: 0.001, momentum: 0.3 },
          { type: 'relu' },
          { type: 'flatten' },
          { type: 'dense', units: 12 },
          { type: 'batch_norm' },
          { type: 'relu' },
          { type: 'dense', units: 4 },
        ],
      },
    },
    {
      name: 'features',
      learningRate: 0.1,
      spec: {
        version: 1,
        input: { shape: [7] },
        layers: [{ type: 'dense', units: 9 }, { type: 'batch_norm' }, { type: 'tanh' }, { type: 'dense', units: 4 }],
      },
    },
    {
      name: 'rows',
      learningRate: 0.05,
      spec: {
        version: 1,
        input: { shape: [2, 6, 6] },
        layers: [
          { type: 'conv2d', filters: 5, kernel: 3 },
          { type: 'layer_norm' },
          { type: 'relu' },
          { type: 'flatten' },
          { type: 'dense', units: 12 },
          { type: 'layer_norm', epsilon: 0.001 },
          { type: 'relu' },
          { type: 'dense', units: 4 },
        ],
      },
    },
    {
      name: 'frozen',
      learningRate: 0.1,
      spec: {
        version: 1,
        input: { shape: [7] },
        layers: [{ type: 'dense', units: 9 }, { type: 'batch_norm', frozen: true }, { type: 'relu' }, { type: 'dense', units: 4 }],
      },
    },
  ],
}
