// Specifications with known mistakes: what is sent, and the path and code of every issue that must come back.

export interface BadSpec {
  readonly name: string
  readonly json: unknown
  /** `path code`, in any order; nothing else may be reported. */
  readonly issues: readonly string[]
}

const chain = (layers: readonly unknown[], shape: readonly unknown[] = [1, 28, 28]) => ({ version: 1, input: { shape }, layers })
const preset = (name: unknown, options?: unknown) => ({ version: 1, preset: options === undefined ? { name } : { name, options } })
const graph = (nodes: readonly unknown[], outputs: readonly unknown[], inputs: unknown = { x: { shape: [4] } }) => ({
  version: 1,
  inputs,
  nodes,
  outputs,
})
const fc = (id: string, ...inputs: string[]) => ({ id, type: 'dense', units: 4, inputs })

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

function compositesNested(depth: number): unknown {
  let layer: unknown = { type: 'relu' }
  for (let i = 0; i < depth; i++) layer = { type: 'sequential', layers: [layer] }
  return layer
}

export const BAD_SPECS: readonly BadSpec[] = [
  // The envelope
  { name: 'no object', json: 'lenet5', issues: [' wrong_type'] },
  { name: 'null', json: null, issues: [' wrong_type'] },
  { name: 'a list', json: [], issues: [' wrong_type'] },
  { name: 'no form', json: { version: 1 }, issues: [' wrong_form'] },
  { name: 'two forms', json: { ...chain([]), ...preset('lenet5') }, issues: [' wrong_form'] },
  { name: 'no version', json: { preset: { name: 'lenet5' } }, issues: ['version missing'] },
  { name: 'a later version', json: { ...preset('lenet5'), version: 2 }, issues: ['version unknown_value'] },
  { name: 'an unknown field', json: { ...preset('lenet5'), nmae: 1 }, issues: ['nmae unknown_key'] },
  { name: 'deep nesting', json: { ...preset('mlp', { sizes: nested(50) }) }, issues: [' too_deep'] },
  { name: 'very deep nesting', json: { ...preset('mlp', { sizes: nested(100_000) }) }, issues: [' too_deep'] },
  { name: 'too many values', json: preset('mlp', { sizes: new Array(30_000).fill(1) }), issues: [' too_many_values'] },
  { name: 'too many layers', json: chain(new Array(1001).fill({ type: 'relu' })), issues: ['layers too_large'] },
  { name: 'no layers', json: chain([]), issues: ['layers too_small'] },
  { name: 'layers that are no list', json: { version: 1, input: { shape: [4] }, layers: {} }, issues: ['layers wrong_type'] },

  {
    name: 'fewer given values than weights',
    json: chain([{ type: 'dense', units: 2, weight_initializer: { type: 'values', values: [1, 2, 3] } }], [2]),
    issues: ['layers[0] wrong_number_of_values'],
  },

  // Presets
  { name: 'a mistyped preset', json: preset('lenet-5'), issues: ['preset.name unknown_preset'] },
  { name: 'a preset named like an object member', json: preset('constructor'), issues: ['preset.name unknown_preset'] },
  { name: 'a preset without a name', json: { version: 1, preset: {} }, issues: ['preset.name missing'] },
  { name: 'an unknown option', json: preset('lenet5', { class: 10 }), issues: ['preset.options.class unknown_key'] },
  { name: 'no classes at all', json: preset('lenet5', { classes: 0 }), issues: ['preset.options.classes too_small'] },
  { name: 'an unknown activation', json: preset('lenet5', { activation: 'rely' }), issues: ['preset.options.activation unknown_value'] },
  {
    name: 'a preset on an input that is too small',
    json: preset('lenet5', { input: [1, 8, 8] }),
    issues: ['preset.options window_too_large'],
  },
  { name: 'a missing option', json: preset('mlp'), issues: ['preset.options.sizes missing'] },
  {
    name: 'sizes that do not fit the input',
    json: preset('mlp', { sizes: [700, 10], input: [1, 28, 28] }),
    issues: ['preset.options.sizes[0] wrong_size'],
  },

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

  // Shapes
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

  // Composites
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

  // Presets of images
  {
    name: 'a large network on small images',
    json: preset('alexnet', { input: [3, 32, 32] }),
    issues: ['preset.options window_too_large'],
  },
  { name: 'a depth that there is not', json: preset('resnet51'), issues: ['preset.name unknown_preset'] },
  { name: 'an unknown shortcut', json: preset('resnet20', { shortcut: 'B' }), issues: ['preset.options.shortcut unknown_value'] },
  {
    name: 'images that a convolutional autoencoder cannot quarter',
    json: preset('conv_autoencoder', { input: [1, 30, 30] }),
    issues: ['preset.options.input wrong_size'],
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
