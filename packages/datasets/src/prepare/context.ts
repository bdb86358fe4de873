// What every preparation is given.

import type { PrepareOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'

export interface PrepareProgress {
  /** Rows read so far, over all passes. */
  readonly rows: number
  /** Rows that will be read, where known. */
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
