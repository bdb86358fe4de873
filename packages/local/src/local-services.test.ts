// The embedded servers as a user meets them: first start, second start, crashes, kills. Each is run by a process of its own, as `npm start` does.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type LocalServices, startLocalServices } from './index.ts'
import { identify } from './process/identity.ts'

const PARENT = fileURLToPath(new URL('./testing/parent.ts', import.meta.url))

let dataDir: string
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'trainyard-local-'))
  await chmod(dataDir, 0o755)
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

type Started = Pick<LocalServices, 'databaseUrl' | 'redisUrl' | 'queueBackend'> & { pids: Record<string, number> }

/** A process that starts the services, prints what it got, and waits. */
async function startParent(redis: 'auto' | 'never'): Promise<{ parent: ChildProcess; services: Started }> {
  const parent = spawn(process.execPath, ['--import', 'tsx', PARENT, dataDir, redis], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines = createInterface({ input: parent.stdout })
  const [line] = (await once(lines, 'line')) as [string]
  return { parent, services: JSON.parse(line) as Started }
}

async function end(parent: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(parent, 'exit')
  parent.kill(signal)
  await exited
}

async function query<T extends pg.QueryResultRow>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<T>(sql)).rows
  } finally {
    await client.end()
  }
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(25)
}

const none = (pids: Record<string, number>) => Object.values(pids).every((pid) => identify(pid) === null)

describe('local services', () => {
  it('keep data and addresses over a kill of their parent, and leave no process', async () => {
    const first = await startParent('auto')
    await query(first.services.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer')
    await end(first.parent, 'SIGKILL')
    const second = await startParent('auto')
    expect(second.services).toMatchObject({ databaseUrl: first.services.databaseUrl, redisUrl: first.services.redisUrl })
    expect(await query(second.services.databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
    expect(none(first.services.pids)).toBe(true)
    await end(second.parent, 'SIGTERM')
    expect(none(second.services.pids)).toBe(true)
  })

  it('start a server again that crashed, at the same address', async () => {
    const messages: string[] = []
    const services = await startLocalServices({ dataDir, log: (message) => messages.push(message), redis: 'never' })
    const crashed = services.pids().postgres ?? 0
    process.kill(crashed, 'SIGKILL')
    await until(() => messages.includes('PostgreSQL runs again'))
    expect(services.pids().postgres).not.toBe(crashed)
    expect(await query(services.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await services.stop()
  })

  it('use the queue of PostgreSQL where Redis is not wanted', async () => {
    const services = await startLocalServices({ dataDir, log: () => {}, redis: 'never' })
    expect(services).toMatchObject({ redisUrl: null, queueBackend: 'postgres' })
    await services.stop()
  })

  it('are run by one process at a time', async () => {
    const services = await startLocalServices({ dataDir, log: () => {}, redis: 'never' })
    await expect(startLocalServices({ dataDir, log: () => {} })).rejects.toThrow(`is in use by process ${process.pid}`)
    await services.stop()
  })

  it.runIf(process.getuid?.() === 0)('go elsewhere, and say so, when PostgreSQL cannot enter the directory', async () => {
    await chmod(dataDir, 0o700)
    const messages: string[] = []
    const services = await startLocalServices({ dataDir, log: (message) => messages.push(message), redis: 'never' })
    const moved = /its data is in (\/var\/lib\/trainyard\/\w+)\/postgres/.exec(messages.join('\n'))?.[1] ?? ''
    expect(moved).not.toBe('')
    await services.stop()
    await rm(moved, { recursive: true })
  })
})
