// Two heads, a class and the input again (golden/heads_trajectory.py).

import type { TrajectoryFamily } from './trajectory-case.ts'

const heads = {
  class: { loss: { type: 'softmax_cross_entropy' as const } },
  decoded: { target: 'input' as const, loss: { type: 'squared_error' as const }, weight: 0.5 },
}

export const HEADS: TrajectoryFamily = {
  file: 'heads-trajectory.safetensors',
  cases: [
    {
      name: 'images',
      learningRate: 0.05,
      heads,
      spec: {
        version: 1,
        inputs: { image: { shape: [2, 6, 6] } },
        nodes: [
          { id: 'conv', type: 'conv2d', filters: 5, kernel: 3, inputs: ['image'] },
          { id: 'relu', type: 'relu', inputs: ['conv'] },
          { id: 'flat', type: 'flatten', inputs: ['relu'] },
          { id: 'code', type: 'dense', units: 12, inputs: ['flat'] },
          { id: 'tanh', type: 'tanh', inputs: ['code'] },
          { id: 'class', type: 'dense', units: 4, inputs: ['tanh'] },
          { id: 'decoded', type: 'dense', units: 72, inputs: ['tanh'] },
        ],
        outputs: ['class', 'decoded'],
      },
    },
    {
      name: 'nested',
      learningRate: 0.05,
      heads,
      spec: {
        version: 1,
        inputs: { row: { shape: [7] } },
        nodes: [
          { id: 'code', type: 'dense', units: 9, inputs: ['row'] },
          { id: 'tanh', type: 'tanh', inputs: ['code'] },
          { id: 'class', type: 'dense', units: 4, inputs: ['tanh'] },
          { id: 'relu', type: 'relu', inputs: ['class'] },
          { id: 'decoded', type: 'dense', units: 7, inputs: ['relu'] },
        ],
        outputs: ['decoded', 'class'],
      },
    },
  ],
}
