// The whole service on this machine: servers, migrations, first key, then API and worker as processes of their own.

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { LocalConfig } from '@trainyard/config'
import { migrate } from '@trainyard/database'
import { launchArguments } from '@trainyard/launch'
import { startLocalServices } from '../local-services.ts'
import { dieWithParent } from '../process/die-with-parent.ts'
import { freePort } from '../process/free-port.ts'
import type { Log } from '../process/log.ts'
import { type Supervised, supervise } from '../process/supervise.ts'
import { ensureFirstKey } from './first-key.ts'
import { removeRecord, writeRecord } from './record.ts'

export interface Service {
  readonly url: string
  readonly apiKeyPath: string
  readonly queueBackend: 'redis' | 'postgres'
  stop(): Promise<void>
}

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url))
const PREFERRED_PORT = 8080

/** @throws Error when a part does not start; whatever had started is stopped again. */
export async function startService(config: LocalConfig, log: Log): Promise<Service> {
  const { dataDir, host } = config
  const apiKeyPath = join(dataDir, 'api-key')
  const local = await startLocalServices({ dataDir, log, external: config })
  const running: Supervised[] = []
  const stop = async () => {
    await removeRecord(dataDir)
    await Promise.all(running.map((child) => child.stop()))
    await local.stop()
  }
  try {
    for (const name of await migrate(local.databaseUrl)) log(`applied migration ${name}`)
    await ensureFirstKey(local.databaseUrl, apiKeyPath)

    const port = config.port ?? (await freePort(PREFERRED_PORT))
    const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`
    const env = config.childEnvironment({
      DATABASE_URL: local.databaseUrl,
      REDIS_URL: local.redisUrl ?? '',
      STORAGE_URL: local.storageUrl,
      TRAINYARD_DATA_DIR: dataDir,
      HOST: host,
      PORT: String(port),
    })
    const launch = (name: string, entry: string, isReady: () => Promise<boolean>) =>
      supervise({
        name,
        command: dieWithParent({ file: process.execPath, args: launchArguments(entry) }, 'TERM'),
        cwd: ROOT,
        env,
        logPath: join(dataDir, 'logs', `${name}.log`),
        isReady,
        stopSignal: 'SIGTERM',
        log,
      })
    const answersAt = (path: string) => async () => (await fetch(url + path).catch(() => null))?.ok ?? false
    const started = await Promise.allSettled([
      launch('api', 'apps/api/src/server.ts', answersAt('/readyz')),
      launch('worker', 'apps/worker/src/main.ts', async () => true),
    ])
    for (const result of started) if (result.status === 'fulfilled') running.push(result.value)
    for (const result of started) if (result.status === 'rejected') throw result.reason

    const [api, worker] = running
    const pids = Object.entries({ ...local.pids(), api: api?.pid, worker: worker?.pid })
    await writeRecord(dataDir, { url, apiKeyPath, pids: Object.fromEntries(pids.flatMap(([name, pid]) => (pid ? [[name, pid]] : []))) })
    return { url, apiKeyPath, queueBackend: local.queueBackend, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
