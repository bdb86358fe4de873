// What every preparation is given.

import type { PrepareOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'

/** What is done with the rows, in this order. */
export type PrepareStage = 'parse' | 'check' | 'write'

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
}

/** Lets messages come in between two blocks of work, and stops when asked to. */
export async function breathe({ signal }: PrepareContext): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  signal?.throwIfAborted()
}
