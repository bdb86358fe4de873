import { describe, expect, it } from 'vitest'
import { frozenParameters, matches, type NamedShape, planTransfer } from './transfer-plan.ts'

const lenet = (classes: number): readonly NamedShape[] => [
  { name: 'conv1.weight', shape: [6, 1, 5, 5] },
  { name: 'conv1.bias', shape: [6] },
  { name: 'conv2.weight', shape: [16, 6, 5, 5] },
  { name: 'conv2.bias', shape: [16] },
  { name: 'fc3.weight', shape: [classes, 84] },
  { name: 'fc3.bias', shape: [classes] },
]

const actions = (plan: ReturnType<typeof planTransfer>) =>
  plan.steps.map(({ parameter, action, frozen }) => `${parameter} ${action}${frozen ? ' frozen' : ''}`)
const found = (plan: ReturnType<typeof planTransfer>) => plan.issues.map(({ path, code }) => `${path} ${code}`)

describe('planTransfer', () => {
  it('keeps the early layers, frozen, and makes a new head', () => {
    const plan = planTransfer(lenet(10), lenet(10), { exclude: ['fc3'], freeze: ['conv*'] })
    expect(plan.issues).toEqual([])
    expect(actions(plan)).toEqual([
      'conv1.weight loaded frozen',
      'conv1.bias loaded frozen',
      'conv2.weight loaded frozen',
      'conv2.bias loaded frozen',
      'fc3.weight reinitialized',
      'fc3.bias reinitialized',
    ])
    expect(plan.steps.at(-1)?.reason).toBe('excluded: a new head')
    expect([...frozenParameters(plan)]).toEqual(['conv1.weight', 'conv1.bias', 'conv2.weight', 'conv2.bias'])
  })

  it('begins a layer of another shape anew as a whole, and says both shapes', () => {
    const [, ...rest] = lenet(10)
    const wider = [{ name: 'conv1.weight', shape: [6, 3, 5, 5] }, ...rest]
    const plan = planTransfer(lenet(10), wider, {})
    expect(actions(plan).slice(0, 3)).toEqual(['conv1.weight reinitialized', 'conv1.bias reinitialized', 'conv2.weight loaded'])
    expect(plan.steps[1]?.reason).toBe('conv1.weight has the shape [6, 1, 5, 5] in the checkpoint, [6, 3, 5, 5] in the model')
  })

  it('calls a layer of another shape a mistake when strict, unless it is excluded', () => {
    expect(found(planTransfer(lenet(10), lenet(5), { strict: true }))).toEqual(['transfer layer_differs'])
    expect(found(planTransfer(lenet(10), lenet(5), { strict: true, exclude: ['fc3'] }))).toEqual([])
  })

  it('copies only what is included', () => {
    expect(actions(planTransfer(lenet(10), lenet(10), { include: ['conv1'] }))).toEqual([
      'conv1.weight loaded',
      'conv1.bias loaded',
      'conv2.weight reinitialized',
      'conv2.bias reinitialized',
      'fc3.weight reinitialized',
      'fc3.bias reinitialized',
    ])
  })

  it('skips what the model does not have', () => {
    const plan = planTransfer([...lenet(10), { name: 'fc4.weight', shape: [1] }], lenet(10), {})
    expect(actions(plan).at(-1)).toBe('fc4.weight skipped')
  })

  it('reports every mistake of the options', () => {
    expect(found(planTransfer(lenet(10), lenet(5), { exclude: ['fc9'], freeze: ['cnv1', 'fc3'] }, 'job.transfer'))).toEqual([
      'job.transfer.exclude[0] unknown_layer',
      'job.transfer.freeze[0] unknown_layer',
      'job.transfer.freeze[1] frozen_but_new',
    ])
    expect(planTransfer(lenet(10), lenet(10), { freeze: ['cnv1'] }).issues[0]?.hint).toBe('Did you mean "conv1"?')
    expect(found(planTransfer(lenet(10), lenet(10), { freeze: ['*'] }))).toEqual(['transfer.freeze nothing_to_train'])
    expect(found(planTransfer([], lenet(10), {}))).toEqual(['transfer nothing_loaded'])
  })
})

describe('matches', () => {
  it.each([
    ['conv1', 'conv1', true],
    ['conv1', 'conv12', false],
    ['conv*', 'conv12', true],
    ['layer1', 'layer1.0.conv2', true],
    ['layer1.0', 'layer1.0.conv2', true],
    ['layer1', 'layer10.0.conv2', false],
    ['*', '', true],
    ['layer1.*.conv2', 'layer1.0.conv2', true],
    ['layer1.*.conv2', 'layer1.conv2', false],
    ['a*a', 'a', false],
    ['a*b*c', 'axxbyyc', true],
    ['a*b*c', 'axxcyyb', false],
    ['**', 'x', true],
    ['.', 'x', false],
  ])('%s on %s: %s', (selector, id, expected) => {
    expect(matches(selector, id)).toBe(expected)
  })
})
