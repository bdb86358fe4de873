// A network for each family of layers that changes shapes (golden/shapes_trajectory.py).

import type { ModelSpecInput } from '@trainyard/engine/spec'
import type { TrajectoryFamily } from './trajectory-case.ts'

const LEARNING_RATE = 0.05

/** Ours → PyTorch's, where its names come from a module of its own for each layer. */
const RENAMED: Readonly<Record<string, string>> = { 'block.conv1.weight': 'conv2.weight', 'block.conv2.weight': 'conv3.weight' }

const relu = { type: 'relu' } as const
const same = (filters: number, kernel = 3) => ({ type: 'conv2d', filters, kernel, padding: 'same' }) as const
const bare = (filters: number, stride = 1) => ({ type: 'conv2d', filters, kernel: 3, stride, padding: 1, bias: false }) as const
const head = { type: 'dense', units: 4 } as const
const chain = (shape: number[], layers: Extract<ModelSpecInput, { layers: unknown }>['layers']): ModelSpecInput => ({
  version: 1,
  input: { shape },
  layers,
})

export const SHAPES: TrajectoryFamily = {
  file: 'shapes-trajectory.safetensors',
  cases: [
    {
      name: 'transposed',
      learningRate: LEARNING_RATE,
      spec: chain(
        [2, 6, 6],
        [
          { type: 'conv2d', filters: 5, kernel: 3, stride: 2, padding: 1 },
          relu,
          { type: 'conv_transpose2d', filters: 8, kernel: 4, stride: 2, padding: 1 },
          relu,
          { type: 'conv_transpose2d', filters: 6, kernel: 3, stride: 2, padding: 1, output_padding: [1, 0], groups: 2, bias: false },
          relu,
          { type: 'conv_transpose2d', filters: 3, kernel: [3, 2], dilation: 2 },
          { type: 'flatten' },
          head,
        ],
      ),
    },
    {
      name: 'average',
      learningRate: LEARNING_RATE,
      spec: chain(
        [2, 12, 10],
        [
          same(6),
          relu,
          { type: 'avg_pool2d' },
          same(5),
          relu,
          { type: 'avg_pool2d', kernel: 3, stride: 2, padding: 1, count_include_pad: false },
          { type: 'avg_pool2d', kernel: 2, stride: 1, padding: 1 },
          { type: 'global_avg_pool2d' },
          head,
        ],
      ),
    },
    {
      name: 'upsample',
      learningRate: LEARNING_RATE,
      spec: chain(
        [2, 4, 3],
        [
          same(5),
          relu,
          { type: 'upsample' },
          same(6),
          relu,
          { type: 'upsample', scale: [3, 2], mode: 'bilinear' },
          { type: 'conv2d', filters: 2, kernel: 3 },
          relu,
          { type: 'flatten' },
          head,
        ],
      ),
    },
    {
      name: 'depthwise',
      learningRate: LEARNING_RATE,
      spec: chain(
        [3, 9, 9],
        [
          { ...same(6), groups: 3 },
          relu,
          same(8, 1),
          relu,
          { ...same(8), dilation: 2, groups: 8, bias: false },
          relu,
          { type: 'conv2d', filters: 10, kernel: 3, stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2 },
          relu,
          { type: 'global_max_pool2d' },
          head,
        ],
      ),
    },
    {
      name: 'residual',
      renamed: RENAMED,
      learningRate: LEARNING_RATE,
      spec: chain(
        [3, 8, 8],
        [
          bare(4),
          relu,
          {
            type: 'sequential',
            id: 'layer1',
            layers: [
              {
                type: 'residual',
                layers: [bare(8, 2), relu, bare(8)],
                shortcut: [{ type: 'conv2d', filters: 8, kernel: 1, stride: 2, bias: false }],
                activation: 'relu',
              },
              { type: 'residual', layers: [bare(8), relu, bare(8)], activation: 'relu' },
            ],
          },
          {
            type: 'residual',
            id: 'block',
            layers: [bare(12, 2), relu, bare(12)],
            shortcut: [
              { type: 'avg_pool2d', kernel: 1, stride: 2 },
              { type: 'pad_channels', before: 2, after: 2 },
            ],
            activation: 'relu',
          },
          { type: 'global_avg_pool2d' },
          head,
        ],
      ),
    },
    {
      name: 'concatenate',
      learningRate: LEARNING_RATE,
      spec: {
        version: 1,
        inputs: { image: { shape: [3, 8, 8] } },
        nodes: [
          { id: 'stem', ...same(8), inputs: ['image'] },
          { id: 'x', ...relu, inputs: ['stem'] },
          { id: 'one', ...same(4, 1), inputs: ['x'] },
          { id: 'a', ...relu, inputs: ['one'] },
          { id: 'three', ...same(5), inputs: ['x'] },
          { id: 'b', ...relu, inputs: ['three'] },
          { id: 'c', type: 'max_pool2d', kernel: 3, stride: 1, padding: 1, inputs: ['x'] },
          { id: 'joined', type: 'concatenate', inputs: ['a', 'b', 'c'] },
          { id: 'mean', type: 'global_avg_pool2d', inputs: ['joined'] },
          { id: 'most', type: 'global_max_pool2d', inputs: ['joined'] },
          { id: 'both', type: 'concatenate', inputs: ['mean', 'most'] },
          { id: 'head', ...head, inputs: ['both'] },
        ],
        outputs: ['head'],
      },
    },
  ],
}
