// Runs a command of the API's command line (projects, keys) with the database of the local service.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { loadLocalConfig } from '@trainyard/config'
import { launchArguments } from '@trainyard/launch'
import { findLocalDatabase } from '../local-services.ts'

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))

/**
 * @returns what the command printed
 * @throws Error with what it printed as its error
 * @example await runOperatorCommand(['projects', 'create', 'digits']) // 'prj_…  digits\n'
 */
export async function runOperatorCommand(args: readonly string[]): Promise<string> {
  const config = loadLocalConfig()
  const databaseUrl = await findLocalDatabase(config)
  if (databaseUrl === null)
    throw new Error('No service runs in this folder and DATABASE_URL is not set. Start it with `npm start`, or set DATABASE_URL.')
  const child = spawn(process.execPath, launchArguments('apps/api/src/cli/main.ts', ...args), {
    cwd: ROOT,
    env: config.childEnvironment({ DATABASE_URL: databaseUrl }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  if (child.exitCode !== 0) throw new Error(error)
  return output
}
