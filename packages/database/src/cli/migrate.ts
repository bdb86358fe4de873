// node packages/launch/src/run.mjs packages/database/src/cli/migrate.ts: brings the database of DATABASE_URL up to date.

import { loadDatabaseConfig } from '@trainyard/config'
import { migrate } from '../migrate.ts'

try {
  const { databaseUrl } = loadDatabaseConfig()
  const applied = await migrate(databaseUrl, { onApplied: (name) => console.log(`applied ${name}`) })
  console.log(applied.length === 0 ? 'the database is up to date' : `${applied.length} migrations applied`)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
