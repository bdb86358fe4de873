// What the operator does on the command line: projects and API keys. Needs DATABASE_URL; `npm run cli` finds that of a local service.
//
// usage: npm run cli -- projects create NAME | projects set ID [--concurrency-limit N|none] [--share X] [--storage-limit BYTES|none] | keys create --project ID [--name N] [--scopes read,write] | keys list --project ID | keys revoke KEY_ID

import { parseArgs } from 'node:util'
import { loadDatabaseConfig } from '@trainyard/config'
import { createDatabase } from '@trainyard/database'
import { COMMANDS, UsageError } from './commands.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    project: { type: 'string' },
    name: { type: 'string' },
    scopes: { type: 'string' },
    'expires-in-days': { type: 'string' },
    'concurrency-limit': { type: 'string' },
    share: { type: 'string' },
    'storage-limit': { type: 'string' },
  },
})
const [group = '', verb = '', ...rest] = positionals
const command = COMMANDS[`${group} ${verb}`]

try {
  if (positionals.length === 0) throw new UsageError('expected a command')
  if (command === undefined) throw new UsageError(`unknown command "${positionals.slice(0, 2).join(' ')}"`)
  const database = createDatabase({ url: loadDatabaseConfig().databaseUrl, poolSize: 2, applicationName: 'trainyard-cli' })
  try {
    for (const line of await database.asWorker((tx) => command.run(tx, rest, values))) console.log(line)
  } finally {
    await database.close()
  }
} catch (error) {
  const usage = Object.entries(COMMANDS).map(([name, { usage }]) => `  npm run cli -- ${name} ${usage}`)
  console.error(error instanceof Error ? error.message : String(error))
  if (error instanceof UsageError) console.error(['usage:', ...usage].join('\n'))
  process.exitCode = 1
}
