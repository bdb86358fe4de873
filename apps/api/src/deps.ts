// What the application is built from. Tests pass their own.

import type { Database } from '@trainyard/database'
import type { HostPolicy } from '@trainyard/outbound'
import type { ObjectStorage } from '@trainyard/storage'
import type { FastifyBaseLogger } from 'fastify'
import type { JobCompletions } from './modules/jobs/job-completions.ts'

export interface ApiLimits {
  /** Bytes of a JSON body. */
  readonly jsonBytesMax: number
  /** Bytes of the JSON body of a prediction: 1,000 digits as text are 3 MB. */
  readonly predictBytesMax: number
  /** Bytes of one uploaded file. */
  readonly uploadBytesMax: number
  /** Requests of one API key within the window. */
  readonly requestsPerWindow: number
  readonly requestWindowMs: number
  /** How long a prediction is waited for before the answer is the job. */
  readonly predictWaitMs: number
}

const MiB = 1 << 20

export const DEFAULT_LIMITS: ApiLimits = {
  jsonBytesMax: 2 * MiB,
  predictBytesMax: 32 * MiB,
  uploadBytesMax: 16 * 1024 * MiB,
  requestsPerWindow: 6000,
  requestWindowMs: 60_000,
  predictWaitMs: 25_000,
}

export interface Deps {
  readonly database: Database
  readonly storage: ObjectStorage
  /** Tells when a job has ended. */
  readonly completions: JobCompletions
  readonly limits: ApiLimits
  /** Which hosts imports by URL may name. */
  readonly importPolicy: HostPolicy
  readonly logger?: FastifyBaseLogger
}
