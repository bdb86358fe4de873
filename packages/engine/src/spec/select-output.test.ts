import { describe, expect, it } from 'vitest'
import { buildGraph, parameterShapes, selectOutput, trainingConfigSchema, validateModelSpec, validateTraining } from './index.ts'

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
const issues = (output?: string) => {
  const training = trainingConfigSchema.parse(output === undefined ? {} : { output })
  return validateTraining(spec, training, dataset).map(({ path, code, message }) => `${path} ${code}: ${message}`)
}

describe('a graph with several inputs and outputs', () => {
  it('is valid, with the parameters of all', () => {
    expect(parameterShapes(spec).map(({ name }) => name)).toEqual(['trunk.0.weight', 'coarse.weight', 'fine.weight'])
  })

  it('trains the output that is asked for, without what only others need', () => {
    const selected = selectOutput(spec, 'coarse')
    expect(selected).toMatchObject({ inputs: { x: { shape: [4] } }, outputs: ['coarse'] })
    expect(validateModelSpec(selected)).toEqual({ ok: true, spec: selected })
    expect(parameterShapes(selected).map(({ name }) => name)).toEqual(['trunk.0.weight', 'coarse.weight'])
    expect(buildGraph(selected, { batchSize: 2 }).nodes).toHaveLength(3)
    expect(issues('coarse')).toEqual([])
  })

  it('must be told which', () => {
    expect(issues()).toEqual(['training.output missing_output: The model has 2 outputs: coarse, fine. A run trains one of them.'])
    expect(issues('corse')).toEqual(['training.output unknown_output: "corse" is no output of the model.'])
    expect(issues('fine')).toEqual(['model.inputs several_inputs: The model reads 2 inputs: x, y. A dataset has one.'])
    expect(() => buildGraph(spec, { batchSize: 1 })).toThrow('the model has 2 inputs and 2 outputs; select one output of it first')
  })
})

it('models of other forms have one output without a name', () => {
  const chain = validateModelSpec({ version: 1, input: { shape: [4] }, layers: [{ type: 'dense', units: 2 }] })
  if (!chain.ok) throw new Error('not valid')
  expect(selectOutput(chain.spec, 'fc1')).toBe(chain.spec)
  const found = validateTraining(chain.spec, trainingConfigSchema.parse({ output: 'fc1' }), dataset)
  expect(found.map(({ code }) => code)).toEqual(['unknown_output'])
})
