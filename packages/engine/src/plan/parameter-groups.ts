// Which parameters are updated alike. Each group becomes one segment, so that an update stays a few vector calls.

import { groupOf, type OptimizerConfig, type Regularization } from '../spec/optimizer-config.ts'

interface NamedParameter {
  readonly name: string
  readonly shape: readonly number[]
}

/** How a parameter is updated. */
export interface UpdateRule {
  /** Rate of the parameter divided by that of the optimizer. */
  readonly rateFactor: number
  readonly weightDecay: number
  readonly l1: number
  readonly l2: number
}

export interface UpdateGroup<P> extends UpdateRule {
  readonly parameters: readonly P[]
}

export type GroupedOptimizer = Pick<OptimizerConfig, 'learning_rate' | 'weight_decay' | 'weight_decay_on' | 'parameter_groups'>

/** Biases, scales and shifts have one dimension; what is no weight is often kept out of decay. */
const isWeight = ({ shape }: NamedParameter) => shape.length > 1

function ruleOf(
  parameter: NamedParameter,
  optimizer: GroupedOptimizer,
  { l1, l2, on }: Pick<Regularization, 'l1' | 'l2' | 'on'>,
): UpdateRule {
  const group = groupOf(parameter.name, optimizer.parameter_groups)
  const decays = optimizer.weight_decay_on === 'all' || isWeight(parameter)
  const isPenalized = on === 'all' || isWeight(parameter)
  return {
    rateFactor: group?.learning_rate_factor ?? (group?.learning_rate ?? optimizer.learning_rate) / optimizer.learning_rate,
    weightDecay: group?.weight_decay ?? (decays ? optimizer.weight_decay : 0),
    l1: isPenalized ? l1 : 0,
    l2: isPenalized ? l2 : 0,
  }
}

/**
 * Parameters by how they are updated; groups in the order of their first parameter.
 * @example groupParameters(parameters, optimizer, regularization)[0].rateFactor
 */
export function groupParameters<P extends NamedParameter>(
  parameters: readonly P[],
  optimizer: GroupedOptimizer,
  regularization: Pick<Regularization, 'l1' | 'l2' | 'on'>,
): readonly UpdateGroup<P>[] {
  const groups = new Map<string, UpdateRule & { parameters: P[] }>()
  for (const parameter of parameters) {
    const rule = ruleOf(parameter, optimizer, regularization)
    const key = JSON.stringify(rule)
    const known = groups.get(key)
    if (known === undefined) groups.set(key, { ...rule, parameters: [parameter] })
    else known.parameters.push(parameter)
  }
  return [...groups.values()]
}
