// Sequences and residual blocks.

import { type BadSpec, chain, compositesNested, fc, graph } from './bad-spec.ts'

export const COMPOSITES: readonly BadSpec[] = [
  {
    name: 'a residual block whose shortcut has another shape',
    json: chain([{ type: 'residual', layers: [{ type: 'conv2d', filters: 8, kernel: 3, stride: 2, padding: 1 }] }], [3, 8, 8]),
    issues: ['layers[0] shortcut_mismatch'],
  },
  {
    name: 'a projection without the stride of the block',
    json: chain(
      [
        {
          type: 'residual',
          layers: [{ type: 'conv2d', filters: 8, kernel: 3, stride: 2, padding: 1 }],
          shortcut: [{ type: 'conv2d', filters: 8, kernel: 1 }],
        },
      ],
      [3, 8, 8],
    ),
    issues: ['layers[0] shortcut_mismatch'],
  },
  {
    name: 'mistakes at every level of composites',
    json: chain(
      [
        {
          type: 'sequential',
          name: 'stage',
          layers: [
            { type: 'residual', layers: [{ type: 'dense', units: 0 }], shortcut: [{ type: 'dens', units: 4 }], activation: 'rely' },
            { type: 'conv2d', filters: 1, kernel: 3 },
          ],
        },
      ],
      [4],
    ),
    issues: [
      'layers[0].name unknown_key',
      'layers[0].layers[0].activation unknown_value',
      'layers[0].layers[0].layers[0].units too_small',
      'layers[0].layers[0].shortcut[0].type unknown_type',
    ],
  },
  { name: 'a composite without layers', json: chain([{ type: 'sequential' }], [4]), issues: ['layers[0].layers missing'] },
  { name: 'a composite of no layers', json: chain([{ type: 'sequential', layers: [] }], [4]), issues: ['layers[0].layers too_small'] },
  { name: 'a composite of one object', json: chain([{ type: 'residual', layers: {} }], [4]), issues: ['layers[0].layers wrong_type'] },
  {
    name: 'the same id twice in a composite',
    json: chain(
      [
        {
          type: 'sequential',
          id: 'a',
          layers: [
            { type: 'relu', id: 'b' },
            { type: 'relu', id: 'b' },
          ],
        },
      ],
      [4],
    ),
    issues: ['layers[0].layers[1].id duplicate_id'],
  },
  {
    name: 'two composites of the same id',
    json: chain(new Array(2).fill({ type: 'sequential', id: 'a', layers: [{ type: 'relu' }] }), [4]),
    issues: ['layers[1].id duplicate_id'],
  },
  { name: 'composites nested too deep', json: chain([compositesNested(9)], [4]), issues: [`layers[0]${'.layers[0]'.repeat(8)} too_deep`] },
  {
    name: 'more layers inside of composites than a model may have',
    json: chain(new Array(500).fill({ type: 'sequential', layers: new Array(3).fill({ type: 'relu' }) }), [4]),
    issues: [' too_many_layers'],
  },
  {
    name: 'a joint inside of a composite',
    json: chain([{ type: 'residual', layers: [{ type: 'add' }] }], [4]),
    issues: ['layers[0].layers[0].type needs_graph'],
  },
  {
    name: 'a composite that reads two nodes',
    json: graph([fc('a', 'x'), { id: 'b', type: 'sequential', inputs: ['a', 'x'], layers: [{ type: 'relu' }] }], ['b']),
    issues: ['nodes[1].inputs wrong_input_count'],
  },
  {
    name: 'a composite and a node that read each other',
    json: graph([fc('a', 'b'), { id: 'b', type: 'sequential', inputs: ['a'], layers: [{ type: 'relu' }] }], ['b']),
    issues: ['nodes[0].inputs cycle'],
  },
]
