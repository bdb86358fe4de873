// Normalization and dropout.

import { type BadSpec, chain, graph } from './bad-spec.ts'

export const NORMALIZATION: readonly BadSpec[] = [
  {
    name: 'a momentum of normalization above 1',
    json: chain([{ type: 'batch_norm', momentum: 1.5 }]),
    issues: ['layers[0].momentum too_large'],
  },
  {
    name: 'a negative momentum of normalization',
    json: chain([{ type: 'batch_norm', momentum: -0.1 }]),
    issues: ['layers[0].momentum too_small'],
  },
  { name: 'an epsilon of 0', json: chain([{ type: 'batch_norm', epsilon: 0 }]), issues: ['layers[0].epsilon too_small'] },
  { name: 'a negative epsilon', json: chain([{ type: 'layer_norm', epsilon: -1e-5 }], [4]), issues: ['layers[0].epsilon too_small'] },
  {
    name: 'an epsilon that is no number',
    json: chain([{ type: 'layer_norm', epsilon: Number.NaN }], [4]),
    issues: ['layers[0].epsilon not_finite'],
  },
  { name: 'frozen as text', json: chain([{ type: 'batch_norm', frozen: 'yes' }]), issues: ['layers[0].frozen wrong_type'] },
  {
    name: 'momentum of a layer norm',
    json: chain([{ type: 'layer_norm', momentum: 0.1 }], [4]),
    issues: ['layers[0].momentum unknown_key'],
  },
  { name: 'a normalization of another framework', json: chain([{ type: 'BatchNorm2d' }]), issues: ['layers[0].type unknown_type'] },
  {
    name: 'a batch norm of two inputs',
    json: graph([{ id: 'a', type: 'batch_norm', inputs: ['x', 'x'] }], ['a']),
    issues: ['nodes[0].inputs wrong_input_count'],
  },
  { name: 'a rate of 1', json: chain([{ type: 'dropout', rate: 1 }], [4]), issues: ['layers[0].rate too_large'] },
  { name: 'a negative rate', json: chain([{ type: 'dropout', rate: -0.5 }], [4]), issues: ['layers[0].rate too_small'] },
  { name: 'a rate as text', json: chain([{ type: 'dropout', rate: '0.5' }], [4]), issues: ['layers[0].rate wrong_type'] },
  { name: 'a rate in percent', json: chain([{ type: 'spatial_dropout', rate: 50 }]), issues: ['layers[0].rate too_large'] },
  { name: 'dropout by another name of its rate', json: chain([{ type: 'dropout', p: 0.5 }], [4]), issues: ['layers[0].p unknown_key'] },
  { name: 'spatial dropout of a vector', json: chain([{ type: 'spatial_dropout' }], [4]), issues: ['layers[0] wrong_rank'] },
  {
    name: 'dropout that leads nowhere',
    json: graph(
      [
        { id: 'a', type: 'dropout', inputs: ['x'] },
        { id: 'b', type: 'relu', inputs: ['x'] },
      ],
      ['b'],
    ),
    issues: ['nodes[0] unused'],
  },
]
