// Nodes that are connected wrongly.

import { type BadSpec, chain, fc, graph } from './bad-spec.ts'

export const GRAPHS: readonly BadSpec[] = [
  // Graphs
  {
    name: 'the same id twice in a list',
    json: chain(
      [
        { type: 'relu', id: 'a' },
        { type: 'tanh', id: 'a' },
      ],
      [4],
    ),
    issues: ['layers[1].id duplicate_id'],
  },
  { name: 'the same id twice in a graph', json: graph([fc('a', 'x'), fc('a', 'x')], ['a']), issues: ['nodes[1].id duplicate_id'] },
  {
    name: 'an id that is an input',
    json: graph([fc('x', 'x')], ['x']),
    issues: ['nodes[0].id duplicate_id', 'outputs[0] output_is_input'],
  },
  { name: 'an unknown input', json: graph([fc('a', 'y')], ['a']), issues: ['nodes[0].inputs[0] unknown_input'] },
  { name: 'a cycle of two', json: graph([fc('a', 'b'), fc('b', 'a')], ['b']), issues: ['nodes[0].inputs cycle'] },
  { name: 'a node that reads itself', json: graph([fc('a', 'a')], ['a']), issues: ['nodes[0].inputs cycle'] },
  { name: 'a node that leads nowhere', json: graph([fc('a', 'x'), fc('b', 'x')], ['a']), issues: ['nodes[1] unused'] },
  { name: 'an unknown output', json: graph([fc('fc1', 'x')], ['fc2']), issues: ['outputs[0] unknown_output'] },
  { name: 'no output', json: graph([fc('a', 'x')], []), issues: ['outputs too_small'] },
  {
    name: 'an input that nothing reads',
    json: graph([fc('a', 'x')], ['a'], { x: { shape: [4] }, y: { shape: [4] } }),
    issues: ['inputs.y unused'],
  },
  {
    name: 'no inputs',
    json: graph([fc('a', 'x')], ['a'], {}),
    issues: ['inputs wrong_number_of_inputs', 'nodes[0].inputs[0] unknown_input'],
  },
  {
    name: 'too many inputs of a node',
    json: graph([fc('a', 'x'), fc('b', 'a', 'x')], ['b']),
    issues: ['nodes[1].inputs wrong_input_count'],
  },
  { name: 'add of one', json: graph([{ id: 'a', type: 'add', inputs: ['x'] }], ['a']), issues: ['nodes[0].inputs wrong_input_count'] },
  {
    name: 'add of different shapes',
    json: graph([fc('a', 'x'), { id: 'b', type: 'dense', units: 5, inputs: ['x'] }, { id: 'c', type: 'add', inputs: ['a', 'b'] }], ['c']),
    issues: ['nodes[2] shape_mismatch'],
  },
  {
    name: 'a node without id and inputs',
    json: graph([{ type: 'relu' }], ['a']),
    issues: ['nodes[0].id missing', 'nodes[0].inputs missing', 'outputs[0] unknown_output'],
  },
  {
    name: 'an input name with a dollar',
    json: graph([fc('a', '$x')], ['a'], { $x: { shape: [4] } }),
    issues: ['inputs["$x"] wrong_format', 'nodes[0].inputs[0] wrong_format'],
  },

  // Everything at once
  {
    name: 'seven independent mistakes',
    json: {
      version: 1,
      input: { shape: [1, 8, 8] },
      colour: 'red',
      layers: [
        { type: 'max_pool2d', kernel: 9 },
        { type: 'conv2d', filter: 3, kernel: 3 },
        { type: 'dens', units: 3 },
        { type: 'dense', units: 0, id: 'head' },
        { type: 'relu', id: 'head' },
      ],
    },
    issues: [
      'colour unknown_key',
      'layers[0] window_too_large',
      'layers[1].filters missing',
      'layers[1].filter unknown_key',
      'layers[2].type unknown_type',
      'layers[3].units too_small',
      'layers[4].id duplicate_id',
    ],
  },
]
