// Who may write to a run: the holder of its newest lease. Every write begins with the row, under its lock, and writes nothing when the
// epoch has moved on; a check before the write would be a race.

export interface Fence {
  readonly runId: string
  /** From the claim. */
  readonly leaseEpoch: number
}

/** The condition of every fenced statement, with the fence as its first two parameters. */
export const FENCE_HOLDS = "id = $1::uuid AND lease_epoch = $2::int AND state = 'running'"

export function fenceValues({ runId, leaseEpoch }: Fence): readonly [string, number] {
  return [runId, leaseEpoch]
}

export interface NewEvent {
  /** For programs: `epoch_finished`. */
  readonly type: string
  /** For a person. */
  readonly message: string
  readonly data?: Readonly<Record<string, unknown>>
}

export interface IdentifiedEvent extends NewEvent {
  /** UUID, made once by who reports it: a write that is repeated, since its reply was lost, adds no second event. */
  readonly id: string
}
