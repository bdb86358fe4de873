// The environment of `npm start`: everything is optional, and what is given replaces its embedded part.

import { z } from 'zod'
import { type Environment, readEnvironment } from './environment.ts'
import * as variable from './variables.ts'

const schema = z.object({
  DATABASE_URL: variable.databaseUrl.optional(),
  REDIS_URL: variable.redisUrl.optional(),
  STORAGE_URL: variable.storageUrl.optional(),
  ...variable.storageCredentials,
  HOST: variable.host,
  PORT: variable.port.removeDefault().optional(),
  LOG_LEVEL: variable.logLevel,
  TRAINYARD_DATA_DIR: variable.dataDir,
  WORKER_CONCURRENCY: variable.workerConcurrency,
  ENGINE_THREADS: variable.engineThreads,
})

/** @throws ConfigError with every mistake. */
export function loadLocalConfig(environment: Environment = process.env) {
  const env = readEnvironment(schema, environment)
  return {
    databaseUrl: env.DATABASE_URL ?? null,
    redisUrl: env.REDIS_URL ?? null,
    storageUrl: env.STORAGE_URL ?? null,
    host: env.HOST,
    /** null: 8080, or any when that is taken. */
    port: env.PORT ?? null,
    dataDir: env.TRAINYARD_DATA_DIR,
    /** What a child process is given: this environment, with changes. */
    childEnvironment: (changes: Environment): Environment => ({ ...environment, ...changes }),
  }
}

export type LocalConfig = ReturnType<typeof loadLocalConfig>
