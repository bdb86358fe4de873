// A worker: takes messages from the queue, claims their runs and supervises them, and keeps the timers that every worker has (relay,
// reconciler, watchdog). Not a process: main.ts is.

import { setTimeout as sleep } from 'node:timers/promises'
import { type ClaimedRun, type Database, listen, runState, withAdvisoryLock } from '@trainyard/database'
import { openRunQueue, type QueueConnection, startReconciler, startRelay, startRunConsumer } from '@trainyard/queue'
import type { ObjectStorage } from '@trainyard/storage'
import type { Logger } from 'pino'
import { removeOrphanFiles } from './orphan-files.ts'
import type { Outages } from './outages.ts'
import { FileGrants } from './supervisor/file-grants.ts'
import { RunSupervision, type SupervisionTimes } from './supervisor/run-supervision.ts'
import { SourceImports } from './supervisor/source-imports.ts'
import type { TrainerPool } from './supervisor/trainer-pool.ts'
import type { WorkDirectories } from './supervisor/work-directories.ts'
import { startWatchdog } from './watchdog.ts'

/** A run gets that long for itself before the next trainer is loaded beside it: short runs are over by then. */
const REFILL_DELAY_MS = 1000
/** As of an uploaded file. */
const IMPORT_BYTES_MAX = 16 * 2 ** 30

/** Between two attempts to claim while PostgreSQL does not answer. */
const CLAIM_RETRY_MS = 500

const SWEEP_LOCK = 'trainyard orphan files'
const SWEEP_MS_MAX = 600_000

export interface WorkerOptions {
  /** Names the worker in attempts and events. */
  readonly owner: string
  readonly database: Database
  /** For the connections that listen. */
  readonly databaseUrl: string
  readonly queue: QueueConnection
  readonly storage: ObjectStorage
  readonly trainers: TrainerPool
  /** Copies of objects of storage, for runs to come. */
  readonly cacheDirectory: string
  readonly directories: WorkDirectories
  /** Hosts that imports may reach although they are not public. */
  readonly importAllowedHosts: readonly string[]
  /** Runs at the same time. */
  readonly concurrency: number
  /** Threads that a run may use. */
  readonly threads: number
  /** Crashes of a trainer without a new checkpoint in between, after which its run fails. */
  readonly crashLimit: number
  /** Bytes that a trainer may take at most; null for what its plan says. */
  readonly memoryBytesMax: number | null
  /** Milliseconds of work between two states of a preparation. */
  readonly prepareCheckpointMs: number
  readonly times: SupervisionTimes & {
    readonly reconcileMs: number
    readonly unclaimedAfterMs: number
    readonly unreachableMs: number
    readonly orphanAgeMs: number
  }
  /** Hears of every call that fails. */
  readonly outages: Outages
  readonly log: Logger
  /** PostgreSQL or the queue did not answer for too long. */
  readonly onUnreachable: (what: string) => void
}

export interface Worker {
  /** Takes nothing new, lets the runs stop at their next step, and waits for them. */
  stop(): Promise<void>
}

export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { database, databaseUrl, queue: connection, storage, trainers, times, log, concurrency, outages } = options
  const onError = (error: unknown) => outages.report(error)
  trainers.refill()
  const queue = await openRunQueue(connection, { onError })
  const supervisions = new Set<RunSupervision>()
  const files = new FileGrants(storage, options.cacheDirectory)
  const policy = { allowedHosts: options.importAllowedHosts }
  const imports = new SourceImports({ database, storage, policy, bytesMax: IMPORT_BYTES_MAX })
  const now = () => performance.now()
  const stopping = new AbortController()
  const checks = {
    PostgreSQL: async () => void (await database.workerSql.query('SELECT 1', [])),
    'The queue': async () => void (await queue.count()),
  }
  for (const [part, check] of Object.entries(checks)) outages.watch(part, check)

  /** Until the database answers or the worker stops: the message that woke us comes only once. */
  const claim = async (): Promise<{ run: ClaimedRun; claimedAt: number } | null> => {
    while (!stopping.signal.aborted) {
      const claimedAt = now()
      try {
        const run = await runState.claimNext(database, { owner: options.owner, ttlMs: times.leaseTtlMs })
        return run && { run, claimedAt }
      } catch (error) {
        onError(error)
        await sleep(CLAIM_RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
    return null
  }

  /** A message says no more than that there may be work. Whoever has begun goes on while there is some. */
  const handle = async () => {
    for (let claimed = await claim(); claimed !== null; claimed = await claim()) {
      await supervise(new RunSupervision({ ...options, ...claimed, sql: database.workerSql, files, imports, now, onFailure: onError }))
    }
  }

  const supervise = async (supervision: RunSupervision) => {
    supervisions.add(supervision)
    const refill = setTimeout(() => trainers.refill(), REFILL_DELAY_MS)
    if (stopping.signal.aborted) supervision.requestStop('preempt')
    try {
      await supervision.execute()
    } finally {
      clearTimeout(refill)
      supervisions.delete(supervision)
      trainers.refill()
    }
  }

  const relay = startRelay({ database, databaseUrl, queue, onError })
  const reconciler = startReconciler({
    database,
    queue,
    intervalMs: times.reconcileMs,
    unclaimedAfterMs: times.unclaimedAfterMs,
    onError,
    onReconciled: (reconciliation) => log.info(reconciliation, 'reconciled'),
  })
  const stopListener = listen({
    url: databaseUrl,
    channels: ['trainyard_stop'],
    onHint: (_, runId) => {
      for (const supervision of supervisions) if (supervision.runId === runId) supervision.poke()
    },
    onError,
  })
  const watchdog = startWatchdog({
    // Runs need no queue: while some are in hand, the worker goes on without it.
    checks: { ...checks, 'The queue': async () => void (supervisions.size > 0 || (await queue.count())) },
    limitMs: times.unreachableMs,
    onUnreachable: options.onUnreachable,
  })
  const sweeper = setInterval(() => void sweep(), Math.min(times.orphanAgeMs / 4, SWEEP_MS_MAX))
  const sweep = async () => {
    await withAdvisoryLock(database, SWEEP_LOCK, async () => {
      const removed = await removeOrphanFiles(database, storage, times.orphanAgeMs)
      if (removed > 0) log.info({ removed }, 'deleted files that killed processes have left')
    }).catch(onError)
  }
  const consumer = await startRunConsumer(connection, { concurrency, handle, onError })

  return {
    stop: async () => {
      stopping.abort()
      const paused = consumer.pause()
      for (const supervision of supervisions) supervision.requestStop('preempt')
      await paused
      await consumer.close()
      clearInterval(sweeper)
      watchdog.close()
      outages.close()
      await Promise.all([stopListener.close(), reconciler.close()])
      // Last, so that the runs that were given back are announced to other workers.
      await relay.close()
      await Promise.all([queue.close(), trainers.close()])
    },
  }
}
