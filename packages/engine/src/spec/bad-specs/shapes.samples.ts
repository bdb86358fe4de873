// Layers that do not fit the shapes which they get.

import { type BadSpec, chain } from './bad-spec.ts'

export const SHAPES: readonly BadSpec[] = [
  { name: 'dense on an image', json: chain([{ type: 'dense', units: 10 }]), issues: ['layers[0] wrong_rank'] },
  { name: 'convolution on a vector', json: chain([{ type: 'conv2d', filters: 1, kernel: 3 }], [784]), issues: ['layers[0] wrong_rank'] },
  {
    name: 'a window larger than the input',
    json: chain([{ type: 'conv2d', filters: 2, kernel: 5 }], [1, 4, 4]),
    issues: ['layers[0] window_too_large'],
  },
  {
    name: 'a dilated window larger than the input',
    json: chain([{ type: 'conv2d', filters: 2, kernel: 3, dilation: 3 }], [1, 6, 6]),
    issues: ['layers[0] window_too_large'],
  },
  {
    name: 'pooling too often',
    json: chain([{ type: 'max_pool2d' }, { type: 'max_pool2d' }, { type: 'max_pool2d' }], [1, 4, 4]),
    issues: ['layers[2] window_too_large'],
  },
  {
    name: 'groups that do not divide',
    json: chain([{ type: 'conv2d', filters: 4, kernel: 3, groups: 2 }], [3, 8, 8]),
    issues: ['layers[0] groups_do_not_divide'],
  },
  {
    name: 'too many parameters',
    json: chain(
      [
        { type: 'dense', units: 1_000_000 },
        { type: 'dense', units: 1_000_000 },
      ],
      [4],
    ),
    issues: ['layers[1] too_many_parameters'],
  },
  {
    name: 'a weight past 2^53 elements',
    json: chain([{ type: 'conv2d', filters: 16_777_216, kernel: 1024 }], [16_777_216, 1024, 1024]),
    issues: ['layers[0] too_large'],
  },
  {
    name: 'too many activations',
    json: chain([{ type: 'conv2d', filters: 1_000_000, kernel: 1 }], [1, 100, 100]),
    issues: ['layers[0] too_many_activations'],
  },
  {
    name: 'a mistake raises no other behind it',
    json: chain([
      { type: 'dense', units: 10 },
      { type: 'conv2d', filters: 1, kernel: 99 },
    ]),
    issues: ['layers[0] wrong_rank'],
  },

  {
    name: 'an orthogonal matrix that takes minutes',
    json: chain([{ type: 'dense', units: 4096, weight_initializer: 'orthogonal' }], [4096]),
    issues: ['layers[0] orthogonal_too_large'],
  },
  {
    name: 'bounds in the wrong order',
    json: chain([{ type: 'dense', units: 1, weight_initializer: { type: 'uniform', low: 1, high: 0 } }], [4]),
    issues: ['layers[0].weight_initializer.high wrong_order'],
  },
]
