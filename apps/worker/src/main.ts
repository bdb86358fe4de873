// The worker process: `node packages/launch/src/run.mjs apps/worker/src/main.ts`. SIGTERM or SIGINT: its runs go back into the queue, and it exits within 20 s.

import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism, hostname } from 'node:os'
import { join } from 'node:path'
import { loadWorkerConfig } from '@trainyard/config'
import { createDatabase } from '@trainyard/database'
import { openStorage } from '@trainyard/storage'
import { pino, stdSerializers } from 'pino'
import { Outages } from './outages.ts'
import { bundleTrainer } from './supervisor/trainer-code.ts'
import { trainerEnvironment } from './supervisor/trainer-environment.ts'
import { TrainerPool } from './supervisor/trainer-pool.ts'
import { WorkDirectories } from './supervisor/work-directories.ts'
import { startWorker } from './worker.ts'

/** Milliseconds. The sum of the longest waits at the end stays below the 20 s that a worker may take to exit. */
const FLUSH_MS = 250
const FLUSH_MS_MAX = 1_000
const RECONCILE_MS_MAX = 2_000
const UNCLAIMED_AFTER_MS = 15_000
const UNREACHABLE_MS = 60_000
const STOP_GRACE_MS = { cancel: 1_000, pause: 15_000, preempt: 12_000, timeout: 15_000 }
const EXIT_AFTER_MS = 19_000

const config = loadWorkerConfig()
const log = pino({ level: config.logLevel, name: 'worker', serializers: { error: stdSerializers.err } })
const workDirectory = join(config.dataDir, 'work')
await mkdir(workDirectory, { recursive: true })
const threads = config.engineThreads ?? Math.max(1, Math.floor(availableParallelism() / config.concurrency))

const outages = new Outages({ now: () => performance.now(), log })
const database = createDatabase({
  url: config.databaseUrl,
  applicationName: 'trainyard-worker',
  poolSize: config.concurrency + 4,
  statementTimeoutMs: Math.min(30_000, config.leaseTtlMs),
  onConnectionError: (error) => outages.report(error),
})
const storage = openStorage(config.storageUrl, config.storageCredentials ?? undefined)
const directories = new WorkDirectories(workDirectory)
await directories.sweep()
const codeDirectory = directories.make('code')
const trainers = new TrainerPool({
  code: await bundleTrainer(codeDirectory),
  environment: trainerEnvironment(config.trainerEnvironment, threads),
  directories,
  heapMb: config.trainerHeapMb,
  log,
})

const worker = await startWorker({
  owner: `${hostname()}-${process.pid}`,
  database,
  databaseUrl: config.databaseUrl,
  queue: config.redisUrl === null ? { kind: 'postgres', url: config.databaseUrl } : { kind: 'redis', url: config.redisUrl },
  storage,
  trainers,
  cacheDirectory: join(workDirectory, 'cache'),
  directories,
  concurrency: config.concurrency,
  importAllowedHosts: config.importAllowedHosts,
  threads,
  crashLimit: config.runCrashLimit,
  prepareCheckpointMs: config.prepareCheckpointMs,
  memoryBytesMax: config.trainerMemoryMb === null ? null : config.trainerMemoryMb * 1024 ** 2,
  times: {
    leaseTtlMs: config.leaseTtlMs,
    flushMs: Math.min(FLUSH_MS, config.leaseTtlMs / 10),
    flushMsMax: Math.min(FLUSH_MS_MAX, config.leaseTtlMs / 10),
    stallMs: config.stallTimeoutMs,
    stopGraceMs: STOP_GRACE_MS,
    reconcileMs: Math.min(RECONCILE_MS_MAX, config.leaseTtlMs / 2),
    unclaimedAfterMs: UNCLAIMED_AFTER_MS,
    unreachableMs: UNREACHABLE_MS,
    orphanAgeMs: Math.max(config.orphanAgeS * 1000, 2 * config.leaseTtlMs),
  },
  outages,
  log,
  onUnreachable: (what) => {
    log.fatal(`${what} did not answer for ${UNREACHABLE_MS / 1000} s`)
    process.exit(1)
  },
})
log.info({ threads, concurrency: config.concurrency }, 'the worker takes runs')

let isStopping = false
const stop = (signal: NodeJS.Signals) => {
  if (isStopping) return
  isStopping = true
  log.info(`${signal}: giving the runs back`)
  setTimeout(() => {
    log.error('the end took too long')
    process.exit(1)
  }, EXIT_AFTER_MS).unref()
  worker
    .stop()
    .then(() => Promise.all([database.close(), storage.close(), rm(codeDirectory, { recursive: true, force: true })]))
    .then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error }, 'the end failed')
        process.exit(1)
      },
    )
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
