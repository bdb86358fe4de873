import { describe, expect, it } from 'vitest'
import { frozenByGroups } from '../spec/optimizer-config.ts'
import { type GroupedOptimizer, groupParameters } from './parameter-groups.ts'

describe('parameter groups', () => {
  const parameters = ['conv1.weight', 'conv1.bias', 'bn1.weight', 'fc.weight'].map((name) => ({
    name,
    shape: name === 'fc.weight' ? [10, 4] : name === 'conv1.weight' ? [6, 1, 5, 5] : [6],
  }))
  const none = { l1: 0, l2: 0, on: 'weights' } as const
  const optimizer: GroupedOptimizer = { learning_rate: 0.1, weight_decay: 0.01, weight_decay_on: 'all', parameter_groups: [] }

  it('are one where nothing differs', () => {
    expect(groupParameters(parameters, optimizer, none)).toEqual([{ rateFactor: 1, weightDecay: 0.01, l1: 0, l2: 0, parameters }])
  })

  it('keep decay and penalties from what is no weight', () => {
    const groups = groupParameters(parameters, { ...optimizer, weight_decay_on: 'weights' }, { ...none, l1: 0.5 })
    expect(groups.map((group) => [group.weightDecay, group.l1, group.parameters.map(({ name }) => name)])).toEqual([
      [0.01, 0.5, ['conv1.weight', 'fc.weight']],
      [0, 0, ['conv1.bias', 'bn1.weight']],
    ])
  })

  it('take a rate, a factor or a decay of their own, the first one that names a parameter', () => {
    const parameter_groups = [
      { parameters: ['conv1.bias'], learning_rate: 0.03, frozen: false },
      { parameters: ['conv*', 'bn1.*'], learning_rate_factor: 0.5, weight_decay: 0, frozen: false },
    ]
    const groups = groupParameters(parameters, { ...optimizer, parameter_groups }, none)
    expect(groups.map((group) => [group.rateFactor, group.weightDecay, group.parameters.map(({ name }) => name)])).toEqual([
      [0.5, 0, ['conv1.weight', 'bn1.weight']],
      [0.03 / 0.1, 0.01, ['conv1.bias']],
      [1, 0.01, ['fc.weight']],
    ])
  })

  it('freeze by pattern', () => {
    const groups = [{ parameters: ['conv*', '*.bias'], frozen: true }]
    expect(
      frozenByGroups(
        parameters.map(({ name }) => name),
        groups,
      ),
    ).toEqual(['conv1.weight', 'conv1.bias'])
  })
})
