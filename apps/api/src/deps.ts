// What the application is built from. Tests pass their own.

import type { Database } from '@trainyard/database'
import type { HostPolicy } from '@trainyard/outbound'
import type { ObjectStorage } from '@trainyard/storage'
import type { FastifyBaseLogger } from 'fastify'
import type { JobCompletions } from './modules/jobs/job-completions.ts'

/** What slow clients may cost. */
export interface ConnectionLimits {
  /** Open at once; one more is closed. Each has headers of at most 16 KiB in memory. */
  readonly countMax: number
  /** Until all headers are there. */
  readonly headersMs: number
  /** No byte on the connection for so long: it is closed. Longer than a prediction is waited for. */
  readonly idleMs: number
  /** All of a request, an upload included. */
  readonly requestMs: number
  /** While a body is waited for, in each such window … */
  readonly bodyWindowMs: number
  /** … so many bytes have to come. */
  readonly bodyWindowBytes: number
}

export interface ApiLimits {
  /** Bytes of a JSON body. */
  readonly jsonBytesMax: number
  /** Bytes of the JSON body of a prediction: 1,000 digits as text are 3 MB. */
  readonly predictBytesMax: number
  /** Bytes of bodies that are in memory at once, over all requests. */
  readonly bodiesBytesMax: number
  /** Bytes of one uploaded file. */
  readonly uploadBytesMax: number
  /** Requests of one API key within the window. */
  readonly requestsPerWindow: number
  readonly requestWindowMs: number
  /** How long a prediction is waited for before the answer is the job. */
  readonly predictWaitMs: number
  readonly connections: ConnectionLimits
}

const MiB = 1 << 20

export const DEFAULT_LIMITS: ApiLimits = {
  jsonBytesMax: 2 * MiB,
  predictBytesMax: 32 * MiB,
  bodiesBytesMax: 256 * MiB,
  uploadBytesMax: 16 * 1024 * MiB,
  requestsPerWindow: 6000,
  requestWindowMs: 60_000,
  predictWaitMs: 25_000,
  connections: {
    countMax: 10_000,
    headersMs: 30_000,
    idleMs: 60_000,
    requestMs: 3_600_000,
    bodyWindowMs: 60_000,
    // 1 KiB/s: slower, the smallest part (5 MiB) would not end within requestMs.
    bodyWindowBytes: 60 * 1024,
  },
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
