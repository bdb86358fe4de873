// The whole service as real processes: API and worker on test services, driven over HTTP only.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { launchArguments } from '@trainyard/launch'
import { startTestServices } from '@trainyard/testkit'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const POLL_MS = 100

export interface ServiceOptions {
  /** Which backend of the queue. */
  readonly redis: boolean
  /** Default: a directory. */
  readonly storage?: { readonly url: string; readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Variables of both processes, beside those that the service needs. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface Service {
  readonly url: string
  /** Of the project that `request` works in. */
  readonly key: string
  readonly apiPid: number
  readonly workerPid: number
  /** JSON in, JSON out; rejects with the problem document for any status of 400 and above. */
  request<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>
  upload<T>(path: string, form: FormData): Promise<T>
  download(path: string): Promise<Uint8Array>
  /** Polls until `terminal` is true, by default every 100 ms. */
  waitForJob<T extends { terminal: boolean }>(id: string, pollMs?: number): Promise<T>
  stop(): Promise<void>
}

export async function startService(options: ServiceOptions): Promise<Service> {
  const services = await startTestServices({ redis: options.redis })
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    DATABASE_URL: services.databaseUrl,
    STORAGE_URL: options.storage?.url ?? services.storageUrl,
    STORAGE_ACCESS_KEY_ID: options.storage?.accessKeyId ?? '',
    STORAGE_SECRET_ACCESS_KEY: options.storage?.secretAccessKey ?? '',
    TRAINYARD_DATA_DIR: services.directory,
    ...(services.redisUrl === null ? {} : { REDIS_URL: services.redisUrl }),
    HOST: '127.0.0.1',
    PORT: String(port),
    LOG_LEVEL: 'warn',
    ...options.environment,
  }
  const start = (entry: string) => spawn(process.execPath, launchArguments(entry), { cwd: ROOT, env, stdio: 'inherit' })
  const api = start('apps/api/src/server.ts')
  const worker = start('apps/worker/src/main.ts')
  const key = await createKey(env)
  await until(async () => (await fetch(`${url}/readyz`)).ok)

  const call = async (method: string, path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(url + path, { method, ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
  const request = async <T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> => {
    const json = body === undefined ? {} : { body: JSON.stringify(body) }
    const contentType = body === undefined ? {} : { 'content-type': 'application/json' }
    return (await (await call(method, path, { ...json, headers: { ...contentType, ...headers } })).json()) as T
  }

  return {
    url,
    key,
    apiPid: api.pid ?? 0,
    workerPid: worker.pid ?? 0,
    request,
    upload: async <T>(path: string, form: FormData) => (await (await call('POST', path, { body: form })).json()) as T,
    download: async (path) => new Uint8Array(await (await call('GET', path, {})).arrayBuffer()),
    async waitForJob<T extends { terminal: boolean }>(id: string, pollMs = POLL_MS) {
      for (;;) {
        const job = await request<T>('GET', `/v1/jobs/${id}`)
        if (job.terminal) return job
        await sleep(pollMs)
      }
    },
    async stop() {
      await Promise.all([end(api), end(worker)])
      await services.stop()
    },
  }
}

export async function createKey(env: Record<string, string>): Promise<string> {
  const cli = async (...args: string[]) =>
    (await promisify(execFile)(process.execPath, launchArguments('apps/api/src/cli/main.ts', ...args), { cwd: ROOT, env })).stdout
  const project = /prj_[0-9a-z]{26}/.exec(await cli('projects', 'create', 'e2e'))?.[0]
  if (project === undefined) throw new Error('projects create printed no project id')
  const key = /ty_\S+/.exec(await cli('keys', 'create', '--project', project))?.[0]
  if (key === undefined) throw new Error('keys create printed no key')
  return key
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  await exited
}

async function until(condition: () => Promise<boolean>, attempts = 300): Promise<void> {
  for (let i = 0; i < attempts; i++) {
    if (await condition().catch(() => false)) return
    await sleep(100)
  }
  throw new Error(`the service was not ready within ${attempts / 10} s`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
