// The state machine of runs. The database enforces the same table (run_transition_allowed), and refuses every change of a final row.

import type { RunState } from '@trainyard/contracts'

/** State → the states that may follow. */
export const TRANSITIONS = {
  queued: ['running', 'paused', 'cancelled'],
  running: ['queued', 'paused', 'succeeded', 'failed', 'cancelled'],
  paused: ['queued', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<RunState, readonly RunState[]>

export function canFollow(from: RunState, to: RunState): boolean {
  const next: readonly RunState[] = TRANSITIONS[from]
  return next.includes(to)
}
