// The API process: reads the environment, listens, and ends in order. Usage: node packages/launch/src/run.mjs apps/api/src/server.ts

import { loadApiConfig } from '@trainyard/config'
import { createDatabase } from '@trainyard/database'
import { openStorage } from '@trainyard/storage'
import { pino } from 'pino'
import { buildApp } from './app.ts'
import { DEFAULT_LIMITS } from './deps.ts'
import { createJobCompletions } from './modules/jobs/job-completions.ts'
import { expireUploads } from './modules/uploads/expire-uploads.ts'

/** Requests that run are waited for so long after SIGTERM. */
const SHUTDOWN_MS = 15_000
const EXPIRE_UPLOADS_MS = 600_000

/** A client waits for no statement longer than that. */
const STATEMENT_MS_MAX = 10_000

const config = loadApiConfig()
const logger = pino({ level: config.logLevel, redact: ['req.headers.authorization'] })
const database = createDatabase({
  url: config.databaseUrl,
  applicationName: 'trainyard-api',
  statementTimeoutMs: STATEMENT_MS_MAX,
  onConnectionError: (error) => logger.warn({ err: error }, 'a database connection broke'),
})
const storage = openStorage(config.storageUrl, config.storageCredentials ?? undefined)
const completions = createJobCompletions(config.databaseUrl, (error) => logger.warn({ err: error }, 'the listening connection broke'))
const app = await buildApp({
  database,
  storage,
  completions,
  limits: DEFAULT_LIMITS,
  importPolicy: { allowedHosts: config.importAllowedHosts },
  logger,
})

const expiry = setInterval(() => {
  expireUploads(database, storage).catch((err: unknown) => logger.warn({ err }, 'expired uploads could not be removed'))
}, EXPIRE_UPLOADS_MS)

let isStopping = false
async function stop(signal: NodeJS.Signals): Promise<void> {
  if (isStopping) return
  isStopping = true
  logger.info({ signal }, 'stopping')
  setTimeout(() => process.exit(1), SHUTDOWN_MS).unref()
  clearInterval(expiry)
  await app.close()
  await Promise.allSettled([completions.close(), storage.close(), database.close()])
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)

const url = await app.listen({ host: config.host, port: config.port })
logger.info({ url, docs: `${url}/docs` }, 'listening')
