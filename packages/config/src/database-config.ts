// The environment of commands that need the database alone: migrations, creating projects and keys.

import { z } from 'zod'
import { type Environment, readEnvironment } from './environment.ts'
import * as variable from './variables.ts'

const schema = z.object({ DATABASE_URL: variable.databaseUrl })

/** @throws ConfigError with every mistake. */
export function loadDatabaseConfig(environment: Environment = process.env) {
  return { databaseUrl: readEnvironment(schema, environment).DATABASE_URL }
}

export type DatabaseConfig = ReturnType<typeof loadDatabaseConfig>
