// Layers whose fields are wrong, alone or for their input.

import { type BadSpec, chain, graph } from './bad-spec.ts'

export const LAYERS: readonly BadSpec[] = [
  // Fields of layers
  { name: 'a mistyped type', json: chain([{ type: 'conv2' }]), issues: ['layers[0].type unknown_type'] },
  { name: 'a type of another framework', json: chain([{ type: 'Linear', units: 1 }]), issues: ['layers[0].type unknown_type'] },
  { name: 'no type', json: chain([{ units: 3 }], [4]), issues: ['layers[0].type missing'] },
  { name: 'a layer that is no object', json: chain([7], [4]), issues: ['layers[0] wrong_type'] },
  { name: 'a missing field', json: chain([{ type: 'dense' }], [4]), issues: ['layers[0].units missing'] },
  { name: 'a number as text', json: chain([{ type: 'dense', units: '10' }], [4]), issues: ['layers[0].units wrong_type'] },
  { name: 'no units', json: chain([{ type: 'dense', units: 0 }], [4]), issues: ['layers[0].units too_small'] },
  { name: 'negative units', json: chain([{ type: 'dense', units: -3 }], [4]), issues: ['layers[0].units too_small'] },
  { name: 'half a unit', json: chain([{ type: 'dense', units: 2.5 }], [4]), issues: ['layers[0].units not_a_whole_number'] },
  { name: 'NaN units', json: chain([{ type: 'dense', units: Number.NaN }], [4]), issues: ['layers[0].units not_finite'] },
  { name: 'endless units', json: chain([{ type: 'dense', units: Number.POSITIVE_INFINITY }], [4]), issues: ['layers[0].units not_finite'] },
  { name: 'units beyond any memory', json: chain([{ type: 'dense', units: 2 ** 53 - 1 }], [4]), issues: ['layers[0].units too_large'] },
  { name: 'a kernel of zero', json: chain([{ type: 'conv2d', filters: 1, kernel: 0 }]), issues: ['layers[0].kernel too_small'] },
  {
    name: 'a kernel of three sides',
    json: chain([{ type: 'conv2d', filters: 1, kernel: [3, 3, 3] }]),
    issues: ['layers[0].kernel too_large'],
  },
  {
    name: 'a mistyped padding',
    json: chain([{ type: 'conv2d', filters: 1, kernel: 3, padding: 'smae' }]),
    issues: ['layers[0].padding unknown_value'],
  },
  {
    name: 'negative padding',
    json: chain([{ type: 'conv2d', filters: 1, kernel: 3, padding: -1 }]),
    issues: ['layers[0].padding too_small'],
  },
  {
    name: 'an unknown initializer',
    json: chain([{ type: 'dense', units: 1, weight_initializer: 'glorot_uniform' }], [4]),
    issues: ['layers[0].weight_initializer unknown_value'],
  },
  {
    name: 'an initializer without its number',
    json: chain([{ type: 'dense', units: 1, bias_initializer: { type: 'constant' } }], [4]),
    issues: ['layers[0].bias_initializer.value missing'],
  },
  {
    name: 'a slope that is NaN',
    json: chain([{ type: 'leaky_relu', negative_slope: Number.NaN }], [4]),
    issues: ['layers[0].negative_slope not_finite'],
  },
  { name: 'an id with a space', json: chain([{ type: 'relu', id: 'my layer' }], [4]), issues: ['layers[0].id wrong_format'] },
  { name: 'add in a list', json: chain([{ type: 'add' }], [4]), issues: ['layers[0].type needs_graph'] },

  // Input
  { name: 'no input', json: { version: 1, layers: [{ type: 'relu' }] }, issues: ['input missing'] },
  { name: 'an input without dimensions', json: chain([{ type: 'relu' }], []), issues: ['input.shape too_small'] },
  { name: 'an input of four dimensions', json: chain([{ type: 'relu' }], [1, 1, 1, 1]), issues: ['input.shape too_large'] },
  { name: 'an input with a zero', json: chain([{ type: 'relu' }], [1, 0, 28]), issues: ['input.shape[1] too_small'] },

  // Layers that came later
  {
    name: 'a transposed convolution whose groups do not divide',
    json: chain([{ type: 'conv_transpose2d', filters: 6, kernel: 3, groups: 4 }], [4, 8, 8]),
    issues: ['layers[0] groups_do_not_divide'],
  },
  {
    name: 'output padding of the stride',
    json: chain([{ type: 'conv_transpose2d', filters: 6, kernel: 3, stride: 2, output_padding: 2 }], [4, 8, 8]),
    issues: ['layers[0] invalid_attribute'],
  },
  {
    name: 'padding that cuts all of the output',
    json: chain([{ type: 'conv_transpose2d', filters: 6, kernel: 2, padding: 3 }], [4, 5, 5]),
    issues: ['layers[0] nothing_left'],
  },
  {
    name: 'a transposed convolution of 10^12 weights',
    json: chain([{ type: 'conv_transpose2d', filters: 1_000_000, kernel: 1 }], [1_000_000, 1, 1]),
    issues: ['layers[0] too_many_parameters'],
  },
  {
    name: 'average pooling larger than the input',
    json: chain([{ type: 'avg_pool2d', kernel: 9 }], [1, 8, 8]),
    issues: ['layers[0] window_too_large'],
  },
  {
    name: 'pooling windows of padding alone',
    json: chain([{ type: 'avg_pool2d', kernel: 2, padding: 2 }], [1, 8, 8]),
    issues: ['layers[0] invalid_attribute'],
  },
  { name: 'global pooling of a vector', json: chain([{ type: 'global_avg_pool2d' }], [10]), issues: ['layers[0] wrong_rank'] },
  {
    name: 'an unknown way to upsample',
    json: chain([{ type: 'upsample', mode: 'linear' }], [1, 8, 8]),
    issues: ['layers[0].mode unknown_value'],
  },
  {
    name: 'upsampling by a half',
    json: chain([{ type: 'upsample', scale: 0.5 }], [1, 8, 8]),
    issues: ['layers[0].scale not_a_whole_number'],
  },
  {
    name: 'upsampling beyond any memory',
    json: chain(new Array(4).fill({ type: 'upsample', scale: 1024 }), [1, 1, 1]),
    issues: ['layers[1] too_many_activations', 'layers[2] too_large'],
  },
  {
    name: 'a reshape to another number of values',
    json: chain([{ type: 'reshape', shape: [32, 7, 8] }], [1568]),
    issues: ['layers[0] wrong_element_count'],
  },
  {
    name: 'a reshape to more values than can be counted',
    json: chain([{ type: 'reshape', shape: [16_777_216, 16_777_216, 16_777_216] }], [1568]),
    issues: ['layers[0] wrong_element_count'],
  },
  {
    name: 'more channels of zeros than can be counted',
    json: chain([{ type: 'pad_channels', after: 16_777_216 }], [1, 16_777_216, 16_777_215]),
    issues: ['layers[0] too_large'],
  },
  {
    name: 'a reshape with a negative size',
    json: chain([{ type: 'reshape', shape: [-1, 7, 7] }], [1568]),
    issues: ['layers[0].shape[0] too_small'],
  },
  {
    name: 'a threshold that is NaN',
    json: chain([{ type: 'threshold', threshold: Number.NaN }], [4]),
    issues: ['layers[0].threshold not_finite'],
  },
  { name: 'softmax of an image', json: chain([{ type: 'softmax' }]), issues: ['layers[0] wrong_rank'] },
  { name: 'a joint in a list', json: chain([{ type: 'concatenate' }], [4]), issues: ['layers[0].type needs_graph'] },
  {
    name: 'more channels of zeros than fit',
    json: chain([{ type: 'pad_channels', after: -1 }], [4]),
    issues: ['layers[0].after too_small'],
  },
  {
    name: 'images of different sizes joined',
    json: graph(
      [
        { id: 'half', type: 'max_pool2d', inputs: ['x'] },
        { id: 'joined', type: 'concatenate', inputs: ['x', 'half'] },
      ],
      ['joined'],
      { x: { shape: [3, 8, 8] } },
    ),
    issues: ['nodes[1] shape_mismatch'],
  },
  {
    name: 'a vector joined with an image',
    json: graph(
      [
        { id: 'flat', type: 'flatten', inputs: ['x'] },
        { id: 'joined', type: 'concatenate', inputs: ['x', 'flat'] },
      ],
      ['joined'],
      { x: { shape: [3, 8, 8] } },
    ),
    issues: ['nodes[1] shape_mismatch'],
  },
]
