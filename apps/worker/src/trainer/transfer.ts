// Weights of another run's checkpoint for a new model: what is copied, what begins anew, what stays fixed, and the same in words.

import type { RunConfigOf, RunPlan } from '@trainyard/contracts'
import { frozenParameters, type ModelSpec, planTransfer, stateShapes, type TransferPlan } from '@trainyard/engine/spec'
import { type Checkpoint, stateParameters } from '@trainyard/engine/train'
import { TrainyardError } from '@trainyard/errors'

export type TransferConfig = NonNullable<RunConfigOf<'train'>['transfer']>

/** @throws TrainyardError incompatible_transfer with every mistake */
export function planRunTransfer(spec: ModelSpec, source: Checkpoint, options: TransferConfig): TransferPlan {
  const plan = planTransfer(stateParameters(source.state), stateShapes(spec), options)
  if (plan.issues.length === 0) return plan
  throw new TrainyardError('incompatible_transfer', { detail: plan.issues.map(({ message }) => message).join(' '), issues: plan.issues })
}

export function frozenNames(plan: TransferPlan): string[] {
  return [...frozenParameters(plan)]
}

export function transferForPlan({ steps }: TransferPlan): NonNullable<RunPlan['transfer']> {
  return steps.map((step) => ({ ...step }))
}

/** @example 'Copied conv1, conv2 from the checkpoint; fc3 begins anew; conv1 stays fixed.' */
export function describeTransfer({ steps }: TransferPlan): string {
  const layers = (keep: (step: TransferPlan['steps'][number]) => boolean) => [
    ...new Set(steps.filter(keep).map(({ parameter }) => parameter.slice(0, parameter.lastIndexOf('.')))),
  ]
  const parts = [
    ['Copied', layers(({ action }) => action === 'loaded'), 'from the checkpoint'],
    ['Anew', layers(({ action }) => action === 'reinitialized'), ''],
    ['Left out', layers(({ action }) => action === 'skipped'), 'which the model does not have'],
    ['Fixed', layers(({ frozen }) => frozen), ''],
  ] as const
  const sentences = parts.flatMap(([what, names, more]) =>
    names.length === 0 ? [] : [`${what}: ${names.join(', ')}${more && ` (${more})`}.`],
  )
  return sentences.join(' ')
}
