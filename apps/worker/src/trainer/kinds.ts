// What a trainer can do, by kind of run; loaded while it waits for work.

import type { JobKind, StartMessage } from '@trainyard/contracts'
import type { Channel } from './channel.ts'
import { runPrepare } from './prepare.ts'

export const ENGINE_VERSION = '0.1.0'

/** Does the work and sends what comes of it, `done` or `stopped` last. @throws what the run fails with */
export type Kind = (start: StartMessage, channel: Channel) => Promise<void>
export type Kinds = Readonly<Record<JobKind, Kind>>

/** Loads what the first step would have to wait for. */
export async function warmUp(): Promise<Kinds> {
  return { prepare: runPrepare, train: runPrepare, evaluate: runPrepare, predict: runPrepare }
}
