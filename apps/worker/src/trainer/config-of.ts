// The configuration of a start message, as the kind that the table of kinds has chosen by it.

import type { RunConfig, RunConfigOf, StartMessage } from '@trainyard/contracts'

export function configOf<K extends RunConfig['kind']>(start: StartMessage, kind: K): RunConfigOf<K> {
  if (start.config.kind !== kind) throw new Error(`a run of kind ${start.config.kind} was given to ${kind}`)
  return start.config as RunConfigOf<K>
}
