// The environment of a worker process.

import { z } from 'zod'
import { type Environment, readEnvironment } from './environment.ts'
import * as variable from './variables.ts'

const schema = z.object({
  DATABASE_URL: variable.databaseUrl,
  REDIS_URL: variable.redisUrl.optional(),
  STORAGE_URL: variable.storageUrl,
  ...variable.storageCredentials,
  LOG_LEVEL: variable.logLevel,
  TRAINYARD_DATA_DIR: variable.dataDir,
  WORKER_CONCURRENCY: variable.workerConcurrency,
  ENGINE_THREADS: variable.engineThreads,
  LEASE_TTL_MS: variable.leaseTtlMs,
  STALL_TIMEOUT_MS: variable.stallTimeoutMs,
  RUN_CRASH_LIMIT: variable.runCrashLimit,
  ORPHAN_AGE_S: variable.orphanAgeS,
  PREPARE_CHECKPOINT_MS: variable.prepareCheckpointMs,
  TRAINER_HEAP_MB: variable.trainerHeapMb,
  TRAINER_MEMORY_MB: variable.trainerMemoryMb,
  IMPORT_ALLOWED_HOSTS: variable.importAllowedHosts,
})

/** All that a trainer inherits: no credentials, nothing that is not named here. */
const TRAINER_VARIABLES = ['LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH', 'ONEDNN_MAX_CPU_ISA'] as const

/** @throws ConfigError with every mistake. */
export function loadWorkerConfig(environment: Environment = process.env) {
  const env = readEnvironment(schema, environment)
  return {
    databaseUrl: env.DATABASE_URL,
    /** null: the queue lives in PostgreSQL. */
    redisUrl: env.REDIS_URL ?? null,
    storageUrl: env.STORAGE_URL,
    storageCredentials: variable.credentialsOf(env),
    logLevel: env.LOG_LEVEL,
    /** For working files of runs. */
    dataDir: env.TRAINYARD_DATA_DIR,
    concurrency: env.WORKER_CONCURRENCY,
    /** null: one per processor. */
    engineThreads: env.ENGINE_THREADS ?? null,
    leaseTtlMs: env.LEASE_TTL_MS,
    stallTimeoutMs: env.STALL_TIMEOUT_MS,
    runCrashLimit: env.RUN_CRASH_LIMIT,
    orphanAgeS: env.ORPHAN_AGE_S,
    prepareCheckpointMs: env.PREPARE_CHECKPOINT_MS,
    trainerHeapMb: env.TRAINER_HEAP_MB,
    /** null: what the plan of the run says. */
    trainerMemoryMb: env.TRAINER_MEMORY_MB ?? null,
    importAllowedHosts: env.IMPORT_ALLOWED_HOSTS,
    trainerEnvironment: Object.fromEntries(
      TRAINER_VARIABLES.flatMap((name) => {
        const value = environment[name]
        return value === undefined ? [] : [[name, value]]
      }),
    ) as Readonly<Record<string, string>>,
  }
}

export type WorkerConfig = ReturnType<typeof loadWorkerConfig>
