// The environment of the API process.

import { z } from 'zod'
import { type Environment, readEnvironment } from './environment.ts'
import * as variable from './variables.ts'

const schema = z.object({
  DATABASE_URL: variable.databaseUrl,
  REDIS_URL: variable.redisUrl.optional(),
  STORAGE_URL: variable.storageUrl,
  ...variable.storageCredentials,
  HOST: variable.host,
  PORT: variable.port,
  LOG_LEVEL: variable.logLevel,
  IMPORT_ALLOWED_HOSTS: variable.importAllowedHosts,
})

/** @throws ConfigError with every mistake. */
export function loadApiConfig(environment: Environment = process.env) {
  const env = readEnvironment(schema, environment)
  return {
    databaseUrl: env.DATABASE_URL,
    /** null: the queue lives in PostgreSQL. */
    redisUrl: env.REDIS_URL ?? null,
    storageUrl: env.STORAGE_URL,
    storageCredentials: variable.credentialsOf(env),
    host: env.HOST,
    port: env.PORT,
    logLevel: env.LOG_LEVEL,
    importAllowedHosts: env.IMPORT_ALLOWED_HOSTS,
  }
}

export type ApiConfig = ReturnType<typeof loadApiConfig>
