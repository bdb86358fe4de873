// `npm run cli -- …`: the operator's commands on DATABASE_URL, or without it on the service that runs in this folder.

import { runOperatorCommand } from '../service/operator-command.ts'

try {
  process.stdout.write(await runOperatorCommand(process.argv.slice(2)))
} catch (error) {
  console.error(error instanceof Error ? error.message.trimEnd() : String(error))
  process.exitCode = 1
}
