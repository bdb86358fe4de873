import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasRedis } from '@trainyard/testkit'
import { afterEach, expect, test } from 'vitest'
import { checkRedis } from './redis-check.ts'

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function startRedis(...settings: string[]): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'trainyard-redis-'))
  const port = await freePort()
  const child: ChildProcess = spawn('redis-server', [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    directory,
    '--save',
    '',
    ...settings,
  ])
  stops.push(async () => {
    child.kill('SIGKILL')
    await once(child, 'close')
    await rm(directory, { recursive: true, force: true })
  })
  for await (const line of child.stdout ?? []) if (String(line).includes('Ready to accept connections')) break
  return `redis://127.0.0.1:${port}`
}

test.skipIf(!hasRedis)('accepts a Redis that neither evicts nor forgets', async () => {
  await expect(checkRedis(await startRedis('--appendonly', 'yes', '--maxmemory-policy', 'noeviction'))).resolves.toBeUndefined()
})

test.skipIf(!hasRedis)('refuses one that does, and names every setting', async () => {
  const url = await startRedis('--appendonly', 'no', '--maxmemory-policy', 'allkeys-lru')
  const error = await checkRedis(url).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'unavailable', issues: [{ path: 'maxmemory-policy' }, { path: 'appendonly' }] })
  expect(String(error)).toContain('maxmemory-policy is allkeys-lru')
})

test('says that nobody answers, and where, without the password', async () => {
  const error = await checkRedis(`redis://:secret@127.0.0.1:${await freePort()}`).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'unavailable' })
  expect(String(error)).toMatch(/Redis at redis:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/)
  expect(String(error)).not.toContain('secret')
})
