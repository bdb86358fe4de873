// The variables that more than one app reads: one schema each, with a description that is shown when the value is wrong.

import { resolve } from 'node:path'
import { z } from 'zod'

function url(protocols: readonly string[]) {
  return z
    .string()
    .refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), `not a ${protocols.join(' or ')} URL`)
}

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'not a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `less than ${min}`).max(max, `more than ${max}`))

export const databaseUrl = url(['postgres:', 'postgresql:']).describe(
  'the PostgreSQL server as postgresql://user:password@host:5432/database',
)

export const redisUrl = url(['redis:', 'rediss:']).describe(
  'the Redis server as redis://:password@host:6379; leave it unset for the PostgreSQL queue',
)

export const storageUrl = url(['file:', 's3:']).describe(
  'file:///var/lib/trainyard, or s3://bucket/prefix?endpoint=https://…&region=… for S3-compatible storage',
)

export const host = z.string().default('127.0.0.1').describe('the address to listen on: 127.0.0.1, or 0.0.0.0 for all')

/** 0 is any free port. */
export const port = integer(0, 65_535).default(8080).describe('a port from 0 (any free one) to 65535')

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export const logLevel = z
  .enum(LOG_LEVELS)
  .default('info')
  .describe(`one of ${LOG_LEVELS.join(', ')}`)

export const dataDir = z
  .string()
  .default('.trainyard')
  .transform((path) => resolve(path))
  .describe('a directory for what is kept on this machine')

export const workerConcurrency = integer(1, 64).default(1).describe('how many runs a worker trains at once, from 1 to 64')

export const engineThreads = integer(1, 1024)
  .optional()
  .describe('threads of one run, from 1 to 1024; leave it unset for the number of processors')

export const leaseTtlMs = integer(500, 600_000)
  .default(30_000)
  .describe('milliseconds after which the run of a worker that stopped answering is taken up by another, from 500 to 600000')

export const stallTimeoutMs = integer(500, 86_400_000)
  .default(300_000)
  .describe('milliseconds after which a trainer that does not advance is taken for hung, from 500 to 86400000')

export const runCrashLimit = integer(1, 1000)
  .default(3)
  .describe('crashes of a trainer without a new checkpoint in between after which its run fails, from 1 to 1000')

export const orphanAgeS = integer(1, 100_000_000).default(3600).describe('seconds after which a stored file that no row names is deleted')

export const prepareCheckpointMs = integer(1, 3_600_000)
  .default(10_000)
  .describe('milliseconds of work after which a preparation keeps what it has done, from 1 to 3600000')

export const trainerHeapMb = integer(64, 1_000_000)
  .default(2048)
  .describe('megabytes of JavaScript objects in a trainer; tensors lie outside')

export const trainerMemoryMb = integer(128, 10_000_000)
  .optional()
  .describe('megabytes that a trainer may take in all, from 128; leave it unset for what the plan of its run says')

export const storageCredentials = {
  STORAGE_ACCESS_KEY_ID: z.string().optional().describe('the access key of the S3-compatible storage'),
  STORAGE_SECRET_ACCESS_KEY: z.string().optional().describe('the secret key of the S3-compatible storage'),
}

/** As the storage takes them: both or none. */
export function credentialsOf(env: { STORAGE_ACCESS_KEY_ID?: string | undefined; STORAGE_SECRET_ACCESS_KEY?: string | undefined }) {
  const { STORAGE_ACCESS_KEY_ID: accessKeyId, STORAGE_SECRET_ACCESS_KEY: secretAccessKey } = env
  return accessKeyId === undefined || secretAccessKey === undefined ? null : { accessKeyId, secretAccessKey }
}

export const importAllowedHosts = z
  .string()
  .default('')
  .transform((text) => text.split(',').filter((host) => host !== ''))
  .pipe(z.array(z.string().regex(/^[a-z0-9.[\]:-]+:\d{1,5}$/, 'not host:port')))
  .describe('hosts that imports by URL may reach although they are not public, as host:port, separated by commas')
