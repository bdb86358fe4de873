// A private redis-server: on loopback with a password, its own directory, and the two settings without which a queue loses jobs.

import { spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { dieWithParent } from './process/die-with-parent.ts'
import { freePort } from './process/free-port.ts'
import { identify, isAlive } from './process/identity.ts'
import type { Log } from './process/log.ts'
import { supervise } from './process/supervise.ts'

export interface RedisOptions {
  /** Of the server alone. */
  readonly directory: string
  readonly logPath: string
  /** 0 is any. */
  readonly port: number
  readonly password: string
  readonly log: Log
}

export interface RedisServer {
  readonly port: number
  readonly pid: number | undefined
  readonly url: string
  stop(): Promise<void>
}

/** Whether redis-server is on PATH. */
export function isRedisInstalled(): boolean {
  return spawnSync('redis-server', ['--version']).status === 0
}

export async function startRedis({ directory, logPath, password, log, ...options }: RedisOptions): Promise<RedisServer> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const pidFile = join(directory, 'redis.pid')
  await endLeftOver(pidFile, log)
  const port = await freePort(options.port)
  const configFile = join(directory, 'redis.conf')
  const config = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(directory)}`,
    `pidfile ${JSON.stringify(pidFile)}`,
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory-policy noeviction',
    // The append-only file is enough; snapshots beside it only cost.
    'save ""',
  ]
  await writeFile(configFile, `${config.join('\n')}\n`, { mode: 0o600 })
  const server = await supervise({
    name: 'Redis',
    command: dieWithParent({ file: 'redis-server', args: [configFile] }, 'TERM'),
    cwd: directory,
    logPath,
    isReady: () => answers(port, password),
    stopSignal: 'SIGTERM',
    log,
  })
  return {
    port,
    get pid() {
      return server.pid
    },
    url: `redis://:${password}@127.0.0.1:${port}`,
    stop: () => server.stop(),
  }
}

async function answers(port: number, password: string): Promise<boolean> {
  const client = new Redis({ host: '127.0.0.1', port, password, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}

const POLL_MS = 50

/** A server that outlived its parent would go on writing the append-only file of the next one. */
async function endLeftOver(pidFile: string, log: Log): Promise<void> {
  const pid = Number.parseInt(await readFile(pidFile, 'utf8').catch(() => ''), 10)
  const server = Number.isInteger(pid) && pid > 1 ? identify(pid) : null
  if (server === null) return
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => 'redis-server')
  if (!commandLine.includes('redis-server')) return
  log(`ending Redis (process ${pid}), which outlived the last run`)
  process.kill(pid, 'SIGTERM')
  while (isAlive(server)) await sleep(POLL_MS)
}
