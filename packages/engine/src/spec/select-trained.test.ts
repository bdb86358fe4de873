import { describe, expect, it } from 'vitest'
import {
  buildGraph,
  type DatasetDescription,
  parameterShapes,
  placeInputs,
  selectTrained,
  type TrainingConfigInput,
  trainedHeads,
  trainingConfigSchema,
  validateModelSpec,
  validateTraining,
} from './index.ts'

const dense = (id: string, units: number, ...inputs: string[]) => ({ type: 'dense', id, units, bias: false, inputs })

/** Two inputs, a shared trunk inside of a composite, two heads; the second head needs both inputs. */
const json = {
  version: 1,
  inputs: { x: { shape: [4] }, y: { shape: [2] } },
  nodes: [
    { type: 'sequential', id: 'trunk', inputs: ['x'], layers: [{ type: 'dense', units: 3, bias: false }, { type: 'relu' }] },
    dense('coarse', 2, 'trunk.0'),
    { type: 'concatenate', id: 'both', inputs: ['trunk', 'y'] },
    dense('fine', 5, 'both'),
  ],
  outputs: ['coarse', 'fine'],
}
const result = validateModelSpec(json)
if (!result.ok) throw new Error(JSON.stringify(result.issues))
const { spec } = result
const dataset = { input: { shape: [4] }, target: { kind: 'class', classes: ['a', 'b'] } } as const
const describeIssues = (training: TrainingConfigInput, data: DatasetDescription = dataset) =>
  validateTraining(spec, trainingConfigSchema.parse(training), data).map(({ path, code, message }) => `${path} ${code}: ${message}`)
const issues = (output?: string) => describeIssues(output === undefined ? {} : { output })

/** Four numbers from three columns; a class with a coarse one above it. */
const table: DatasetDescription = {
  input: { shape: [6] },
  target: { kind: 'class', classes: ['a', 'b', 'c', 'd', 'e'] },
  coarse: ['vowel', 'consonant'],
  features: ['p', 'q', 'q', 'r', 's', 's'],
}
const inputs = { x: ['p', 'q', 'r'], y: ['s'] }
const loss = { type: 'softmax_cross_entropy' } as const
const heads = { fine: { loss }, coarse: { loss, target: 'coarse', weight: 0.5 } } as const

describe('a graph with several inputs and outputs', () => {
  it('is valid, with the parameters of all', () => {
    expect(parameterShapes(spec).map(({ name }) => name)).toEqual(['trunk.0.weight', 'coarse.weight', 'fine.weight'])
  })

  it('trains the output that is asked for, without what only others need', () => {
    const selected = selectTrained(spec, { output: 'coarse' })
    expect(selected).toMatchObject({ inputs: { x: { shape: [4] } }, outputs: ['coarse'] })
    expect(validateModelSpec(selected)).toEqual({ ok: true, spec: selected })
    expect(parameterShapes(selected).map(({ name }) => name)).toEqual(['trunk.0.weight', 'coarse.weight'])
    expect(buildGraph(selected, { batchSize: 2 }).nodes).toHaveLength(3)
    expect(issues('coarse')).toEqual([])
  })

  it('must be told which', () => {
    expect(issues()).toEqual(['training.output missing_output: The model has 2 outputs: coarse, fine. Nothing says which are trained.'])
    expect(issues('corse')).toEqual(['training.output unknown_output: "corse" is no output of the model.'])
    expect(issues('fine')).toEqual([
      'model.inputs several_inputs: The model reads 2 inputs: x, y. Nothing says what of a sample each takes.',
      'model.nodes[2] wrong_output_width: The model\'s output "fine" has 5 values, but the dataset has 2 classes, and "softmax_cross_entropy" takes 2.',
    ])
    expect(describeIssues({ output: 'fine', heads: { coarse: { loss } } })).toEqual([
      'training.output contradictory_options: The training has "output" and "heads": both say what is trained.',
    ])
    expect(() => buildGraph(spec, { batchSize: 1 })).toThrow('the model has 2 inputs; say where in a sample they stand')
  })
})

describe('a graph with a loss for each of its outputs', () => {
  it('fits a table whose columns are given to its inputs', () => {
    expect(describeIssues({ heads, inputs }, table)).toEqual([])
    expect(selectTrained(spec, { heads })).toBe(spec)
    expect(selectTrained(spec, { heads: { coarse: heads.coarse } })).toMatchObject({ outputs: ['coarse'] })
  })

  it('keeps the order of the outputs, whatever that of the heads is', () => {
    const three = validateModelSpec({ ...json, nodes: [...json.nodes, dense('third', 2, 'trunk')], outputs: ['third', 'coarse', 'fine'] })
    if (!three.ok) throw new Error(JSON.stringify(three.issues))
    expect(selectTrained(three.spec, { heads: { fine: { loss }, third: { loss } } })).toMatchObject({ outputs: ['third', 'fine'] })
    expect(trainedHeads(trainingConfigSchema.parse({ heads }), json.outputs).map(({ name, weight }) => [name, weight])).toEqual([
      ['coarse', 0.5],
      ['fine', 1],
    ])
  })

  it('reads of a sample what each input takes: runs of numbers, joined', () => {
    const places = placeInputs(inputs, table.features ?? [])
    expect(places).toEqual({ size: 6, positions: { x: [0, 1, 2, 3], y: [4, 5] } })
    const spread = placeInputs({ x: ['q', 's'], y: ['r', 'p'] }, table.features ?? [])
    const graph = buildGraph(spec, { batchSize: 2, inputs: spread })
    expect(graph.tensors[graph.input]?.shape).toEqual([2, 6])
    const reads = graph.nodes.flatMap((node) => ('op' in node && node.op === 'slice' ? [node.attributes] : []))
    expect(reads).toEqual([
      { start: 1, size: 2 },
      { start: 4, size: 2 },
      { start: 0, size: 1 },
      { start: 3, size: 1 },
    ])
  })

  it.each([
    ['an unknown head', { heads: { ...heads, coarser: { loss } }, inputs }, table, ['training.heads.coarser unknown_output']],
    [
      'several mistakes of heads',
      {
        heads: { coarse: { loss: { type: 'huber' }, target: 'coarse' }, fine: { loss, target: { columns: ['u'] } } },
        inputs,
      },
      table,
      ['training.heads.coarse.loss.type loss_target_mismatch', 'training.heads.fine.target.columns[0] no_such_column'],
    ],
    ['no coarse classes', { heads, inputs }, { ...table, coarse: undefined }, ['training.heads.coarse.target no_coarse_classes']],
    [
      'a reconstruction of another size',
      { heads: { coarse: heads.coarse, fine: { loss: { type: 'squared_error' }, target: 'input' } }, inputs },
      table,
      ['model.nodes[3] wrong_output_width'],
    ],
    [
      'a metric for other targets',
      { heads: { ...heads, fine: { loss, metrics: ['accuracy', 'mse'] } }, inputs },
      table,
      ['training.heads.fine.metrics[1] metric_target_mismatch'],
    ],
    [
      'metrics of no head',
      { heads, inputs, evaluate: { metrics: ['accuracy'] } },
      table,
      ['training.evaluate.metrics contradictory_options'],
    ],
    [
      'a series without its head',
      { heads, inputs, early_stopping: { metric: 'eval/accuracy' } },
      { ...table, splits: ['train', 'test'] },
      ['training.early_stopping.metric unknown_metric'],
    ],
    ['an unknown input', { heads, inputs: { ...inputs, z: ['p'] } }, table, ['training.inputs.z unknown_input']],
    ['an unknown column', { heads, inputs: { ...inputs, y: ['s', 'ss'] } }, table, ['training.inputs.y[1] no_such_column']],
    ['a forgotten input', { heads, inputs: { x: inputs.x } }, table, ['training.inputs missing_input']],
    ['an input of another size', { heads, inputs: { ...inputs, x: ['p', 'q'] } }, table, ['model.inputs.x input_shape_mismatch']],
    ['columns of images', { heads, inputs }, { ...table, features: undefined }, ['training.inputs inputs_without_columns']],
  ] as readonly (readonly [string, TrainingConfigInput, DatasetDescription, readonly string[]])[])(
    'refuses %s',
    (_, training, data, expected) => {
      expect(
        describeIssues(training, data)
          .map((issue) => issue.split(':')[0])
          .sort(),
      ).toEqual([...expected].sort())
    },
  )

  it('lets a series of a head decide', () => {
    const training = { heads, inputs, early_stopping: { metric: 'eval/fine/accuracy' } }
    expect(describeIssues(training, { ...table, splits: ['train', 'test'] })).toEqual([])
  })
})

it('models of other forms have one output without a name', () => {
  const chain = validateModelSpec({ version: 1, input: { shape: [4] }, layers: [{ type: 'dense', units: 2 }] })
  if (!chain.ok) throw new Error('not valid')
  expect(selectTrained(chain.spec, { output: 'fc1' })).toBe(chain.spec)
  const found = validateTraining(chain.spec, trainingConfigSchema.parse({ output: 'fc1' }), dataset)
  expect(found.map(({ code }) => code)).toEqual(['unknown_output'])
  const headed = validateTraining(chain.spec, trainingConfigSchema.parse({ heads: { fc1: { loss } } }), dataset)
  expect(headed.map(({ path, code }) => [path, code])).toEqual([['training.heads', 'unknown_output']])
})
