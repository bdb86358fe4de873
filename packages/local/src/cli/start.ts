// `npm start`: the service in the foreground until Ctrl-C.

import { once } from 'node:events'
import { relative } from 'node:path'
import { loadLocalConfig } from '@trainyard/config'
import { findService } from '../service/record.ts'
import { type Service, startService } from '../service/start-service.ts'

try {
  await main()
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exitCode = 1
}

async function main(): Promise<void> {
  const config = loadLocalConfig()
  const running = await findService(config.dataDir)
  if (running !== null) {
    console.log(`Trainyard already runs here (process ${running.owner.pid}).`)
    print(running)
    return
  }
  const ended = Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => once(process, signal)))
  const starting = startService(config, (message) => console.log(message))
  const service = await Promise.race([starting, ended.then(() => null)])
  if (service !== null) {
    print(service)
    console.log(
      `queue     ${service.queueBackend === 'redis' ? 'Redis' : 'PostgreSQL (no redis-server on PATH)'}\nlogs      ${shown(`${config.dataDir}/logs`)}`,
    )
    console.log('Ctrl-C ends it.')
    await ended
  }
  // A second Ctrl-C does not wait; the servers end with this process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
  console.log('\nstopping …')
  await (await starting).stop()
  console.log('stopped')
}

function print({ url, apiKeyPath }: Pick<Service, 'url' | 'apiKeyPath'>): void {
  console.log(`url       ${url}\nAPI key   ${shown(apiKeyPath)}\ndocs      ${url}/docs`)
}

function shown(path: string): string {
  return relative('.', path) || path
}
