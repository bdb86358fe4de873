// A transfer plan applied to the numbers of a checkpoint.

import type { NamedShape, TransferPlan } from '../spec/transfer-plan.ts'
import type { StateTensors } from './state.ts'

const MODEL_PREFIX = 'model.'

/** The parameters of a state, named without their prefix. */
export function stateParameters(state: ReadonlyMap<string, { readonly shape: NamedShape['shape'] }>): readonly NamedShape[] {
  return [...state].flatMap(([name, { shape }]) =>
    name.startsWith(MODEL_PREFIX) ? [{ name: name.slice(MODEL_PREFIX.length), shape }] : [],
  )
}

/**
 * What a freshly initialized session imports: the loaded parameters only. Optimizer state is never transferred.
 * @example session.initialize(seed); session.importState(transferredState(plan, checkpoint.state), { strict: false })
 */
export function transferredState({ steps }: TransferPlan, source: StateTensors): StateTensors {
  const names = steps.filter(({ action }) => action === 'loaded').map(({ parameter }) => `${MODEL_PREFIX}${parameter}`)
  return new Map(
    names.map((name) => {
      const tensor = source.get(name)
      if (tensor === undefined) throw new Error(`the plan loads ${name}, but the checkpoint does not have it: it was made for another one`)
      return [name, tensor] as const
    }),
  )
}
