// The numbers of a soak, read from the kernel, from Redis, from PostgreSQL and from the file systems, when nothing is under way.

import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Pool } from 'pg'
import { trainersOf } from '../../apps/worker/src/testing/process-state.ts'
import type { Stack } from '../chaos/stack.ts'
import type { Sample } from './verdict.ts'

const PAGE_BYTES = 4096
const POLL_MS = 100
/** Idle for so long, a worker has its trainer in reserve, and sockets that were closed are gone. */
const REST_MS = 600
const REST_MS_MAX = 30_000

export interface GaugeSources {
  readonly stack: Stack
  readonly pool: Pool
  /** TMPDIR of all processes, with what the probes write. */
  readonly temporary: string
  /** Link to the compiled code that all processes of the machine share. */
  readonly ignored: string
}

/** Waits until everything is at rest, and reads. */
export async function readGauges(sources: GaugeSources): Promise<Sample['values']> {
  const { stack } = sources
  const api = stack.api.pid ?? 0
  const worker = stack.workers[0]?.pid ?? 0
  await rest(sources, api, worker)
  const [apiHeap, workerHeap] = await Promise.all([heapOf(api, sources.temporary), heapOf(worker, sources.temporary)])
  return {
    api_descriptors: descriptorsOf(api, stack.api.postgres.port),
    worker_descriptors: descriptorsOf(worker, stack.workers[0]?.postgres.port ?? 0),
    api_heap_bytes: apiHeap,
    worker_heap_bytes: workerHeap,
    api_rss_bytes: rssOf(api),
    worker_rss_bytes: rssOf(worker),
    trainers: trainersOf(worker).length,
    ...(await readDatabase(sources)),
    queue_entries: await countQueueEntries(sources),
    temporary_files: countTemporaryFiles(sources),
    orphan_files: await countOrphans(sources),
  }
}

/** Nothing waits or runs, the reserve is there, and the numbers of descriptors stay as they are. */
async function rest({ pool, stack }: GaugeSources, api: number, worker: number): Promise<void> {
  let seen = ''
  let since = performance.now()
  for (const end = performance.now() + REST_MS_MAX; performance.now() < end; await sleep(POLL_MS)) {
    const { rows } = await pool.query<{ open: number }>(
      "SELECT count(*)::int AS open FROM runs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')",
    )
    const descriptors = [descriptorsOf(api, stack.api.postgres.port), descriptorsOf(worker, stack.workers[0]?.postgres.port ?? 0)]
    const now = JSON.stringify([rows[0]?.open, trainersOf(worker).length, descriptors])
    if (now !== seen || rows[0]?.open !== 0 || trainersOf(worker).length !== 1) since = performance.now()
    seen = now
    if (performance.now() - since > REST_MS) return
  }
  throw new Error(`the service did not come to rest within ${REST_MS_MAX / 1000} s: open runs, trainers, descriptors ${seen}`)
}

/** Without sockets that lead to that port, which a pool opens and closes. */
function descriptorsOf(pid: number, pooledPort: number): number {
  const pooled = socketsTo(pid, pooledPort)
  const directory = `/proc/${pid}/fd`
  const targets = readdirSync(directory).flatMap((name) => {
    try {
      return [readlinkSync(join(directory, name))]
    } catch {
      // Closed since.
      return []
    }
  })
  return targets.filter((target) => !pooled.has(target)).length
}

/** `socket:[inode]`. Columns of the kernel's table: number, local address, remote address (hexadecimal), state, …, inode. */
function socketsTo(pid: number, port: number): ReadonlySet<string> {
  const hexadecimal = port.toString(16).toUpperCase().padStart(4, '0')
  const rows = ['tcp', 'tcp6'].flatMap((table) => readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1))
  const sockets = rows.map((row) => row.trim().split(/\s+/)).filter(([, , remote]) => remote?.endsWith(`:${hexadecimal}`))
  return new Set(sockets.map((columns) => `socket:[${columns[9]}]`))
}

const rssOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES

/** After a collection of garbage. */
async function heapOf(pid: number, directory: string): Promise<number> {
  const path = join(directory, `heap-${pid}`)
  rmSync(path, { force: true })
  process.kill(pid, 'SIGUSR2')
  while (!existsSync(path)) await sleep(10)
  return Number(readFileSync(path, 'utf8'))
}

async function readDatabase({ pool }: GaugeSources) {
  const { rows } = await pool.query<{ database_connections: number; outbox_rows: number }>(
    `SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())::int AS database_connections,
       (SELECT count(*) FROM outbox)::int AS outbox_rows`,
  )
  return rows[0] ?? { database_connections: 0, outbox_rows: 0 }
}

async function countQueueEntries({ stack, pool }: GaugeSources): Promise<number> {
  if (stack.redis === null) {
    const { rows } = await pool.query<{ count: number }>(
      `SELECT ((SELECT count(*) FROM bullmq.job WHERE state NOT IN ('completed', 'failed')) + (SELECT count(*) FROM bullmq.job_log)
         + (SELECT count(*) FROM bullmq.dedup) + (SELECT count(*) FROM bullmq.job_dependency) + (SELECT count(*) FROM bullmq.meta)
         + (SELECT count(*) FROM bullmq.metrics) + (SELECT count(*) FROM bullmq.rate_limit))::int AS count`,
    )
    return rows[0]?.count ?? 0
  }
  const redis = new Redis(stack.redis.url)
  try {
    const queue = 'trainyard:trainyard-runs'
    const [keys, completed, failed] = await Promise.all([redis.dbsize(), redis.zcard(`${queue}:completed`), redis.zcard(`${queue}:failed`)])
    return keys - completed - failed
  } finally {
    redis.disconnect()
  }
}

function countTemporaryFiles({ stack, temporary, ignored }: GaugeSources): number {
  const own = readdirSync(temporary).filter((name) => !name.startsWith('heap-') && name !== ignored).length
  return own + countEntries(join(stack.directory, 'worker-0'))
}

function countEntries(directory: string): number {
  return readdirSync(directory, { recursive: true }).length
}

async function countOrphans({ stack, pool }: GaugeSources): Promise<number> {
  const root = join(stack.directory, 'storage')
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const keys = files.map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1))
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM unnest($1::text[]) AS file (key)
     WHERE NOT EXISTS (SELECT FROM checkpoints WHERE object_key = key) AND NOT EXISTS (SELECT FROM uploads WHERE object_key = key)`,
    [keys],
  )
  return rows[0]?.count ?? 0
}
