// Starts the services of a directory, prints what it got as one line, and stops them at SIGTERM. For tests that kill it.

import { once } from 'node:events'
import { startLocalServices } from '../local-services.ts'

const [, , dataDir = '', redis] = process.argv
const services = await startLocalServices({
  dataDir,
  log: (message) => process.stderr.write(`${message}\n`),
  redis: redis === 'never' ? 'never' : 'auto',
})
const { databaseUrl, redisUrl, queueBackend } = services
process.stdout.write(`${JSON.stringify({ databaseUrl, redisUrl, queueBackend, pids: services.pids() })}\n`)
const alive = setInterval(() => {}, 60_000)
await once(process, 'SIGTERM')
clearInterval(alive)
await services.stop()
