// What every preparation is given.

import type { PrepareOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'
import type { ProgressKeeper, StageCapture } from './resume/progress-keeper.ts'

/** What is done with the rows, in this order. */
export const STAGES = ['parse', 'check', 'write'] as const
export type PrepareStage = (typeof STAGES)[number]

export interface PrepareProgress {
  readonly stage: PrepareStage
  /** Rows of this stage that are done. */
  readonly rows: number
  /** Rows of this stage, where known. */
  readonly totalRows: number | null
}

export interface PrepareContext {
  readonly options: PrepareOptions
  readonly outDir: string
  readonly keyPrefix: string
  readonly limits: PrepareLimits
  readonly signal: AbortSignal | undefined
  readonly onProgress: (progress: PrepareProgress) => void
  /** Called once when a later attempt goes on: the stage, and the rows of it that need not be done again. */
  readonly onResumed: (progress: PrepareProgress) => void
  /** Null where nothing is kept for a later attempt. */
  readonly keeper: ProgressKeeper | null
}

/**
 * Lets messages come in between two blocks of work, keeps what was done where it is time to, and stops when asked to.
 * @param capture the state of all stages so far
 */
export async function breathe({ signal, keeper }: PrepareContext, capture: () => StageCapture): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal?.throwIfAborted()
  keeper?.offer(capture)
}
