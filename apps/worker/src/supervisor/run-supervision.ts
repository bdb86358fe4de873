// One claimed run from start to end: grants the trainer what it needs, writes down what it says, ends it when the run should stop, and
// decides what becomes of the run. Everything that it writes is fenced.

import { realpath, rm } from 'node:fs/promises'
import { sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DatasetManifest,
  type Failure,
  newUuid,
  type RunConfigOf,
  type RunResult,
  type SupervisorMessage,
  storedFiles,
  type TrainerMessage,
  type TrainerMessageOf,
  toWireNumber,
} from '@trainyard/contracts'
import { type ClaimedRun, type NewCheckpoint, runFlush, runState } from '@trainyard/database'
import { ERRORS, type ErrorCode, isStorageFull, TrainyardError } from '@trainyard/errors'
import type { ObjectStorage, StoredObject } from '@trainyard/storage'
import type { Logger } from 'pino'
import type { FileGrants } from './file-grants.ts'
import { pruneCheckpoints } from './retention.ts'
import { RunWriter, type RunWriterOptions } from './run-writer.ts'
import type { SourceImports } from './source-imports.ts'
import { buildStartMessage, grantTo, shardPrefix } from './start-message.ts'
import type { TrainerPool } from './trainer-pool.ts'
import type { Trainer } from './trainer-process.ts'
import type { WorkDirectories } from './work-directories.ts'

export type StopReason = Extract<SupervisorMessage, { type: 'stop' }>['reason']

/** Milliseconds; which part of a second or minute is a matter of the configuration. */
export interface SupervisionTimes {
  readonly leaseTtlMs: number
  readonly flushMs: number
  /** A trainer that does not advance for so long is taken for hung. */
  readonly stallMs: number
  /** From the wish to stop to SIGKILL. */
  readonly stopGraceMs: Readonly<Record<StopReason, number>>
}

export interface SupervisionOptions {
  readonly run: ClaimedRun
  readonly claimedAt: number
  readonly sql: RunWriterOptions['sql']
  readonly storage: ObjectStorage
  readonly files: FileGrants
  readonly imports: SourceImports
  readonly trainers: TrainerPool
  /** Threads that the worker grants to a run. */
  readonly threads: number
  /** Bytes that a trainer may take at most; null for what its plan says. */
  readonly memoryBytesMax: number | null
  readonly directories: WorkDirectories
  /** Crashes without a new checkpoint in between, after which a run fails. */
  readonly crashLimit: number
  readonly times: SupervisionTimes
  readonly now: () => number
  readonly log: Logger
}

/** For files to be fetched and a trainer to load, before it has to advance. */
const START_MS_MAX = 600_000
/** What a timer can hold; runs that may train for longer than 24 days are looked at again by their next attempt. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Failures that are not the run's and may last a while → milliseconds until it is tried again. */
const POSTPONED_MS: Readonly<Partial<Record<ErrorCode, number>>> = { storage_full: 5_000, unavailable: 5_000 }

/** Between two attempts to write where the storage was full. */
const SPACE_RETRY_MS = 1_000

/** What the run comes to; null where nothing is left to write, since the lease is lost. */
type Ending =
  | { readonly type: 'done'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'crashed'; readonly reason: string }
  | { readonly type: 'postponed'; readonly reason: string; readonly delayMs: number }
  | { readonly type: 'stopped'; readonly reason: StopReason }
  | null

export class RunSupervision {
  readonly #options: SupervisionOptions
  readonly #writer: RunWriter
  /** Copies of files that only this run needs. */
  #copies: string | undefined
  readonly #log: Logger
  readonly #ended: Promise<Ending>
  #end: (ending: Ending) => void = () => {}
  #taking: Promise<Trainer> | null = null
  #trainer: Trainer | null = null
  /** Messages of the trainer are worked off one after the other. */
  #inbox: Promise<void> = Promise.resolve()
  #stop: StopReason | null = null
  #stopTimer: NodeJS.Timeout | undefined
  #runtimeTimer: NodeJS.Timeout | undefined
  #aliveAt: number
  readonly #over = new AbortController()
  #step = -1
  #finalCheckpoint: NewCheckpoint | undefined
  #manifest: DatasetManifest | undefined

  constructor(options: SupervisionOptions) {
    const { run, sql, times, claimedAt, now, log } = options
    this.#options = options
    this.#log = log.child({ run_id: run.runId, attempt: run.attempt })
    // A process that starts and files that are fetched take their time; a long limit bounds both.
    this.#aliveAt = now() + START_MS_MAX
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
    this.#writer = new RunWriter({
      sql,
      fence: run,
      ttlMs: times.leaseTtlMs,
      flushMs: times.flushMs,
      claimedAt,
      now,
      log: this.#log,
      onStopRequested: (reason) => this.requestStop(reason),
      onLost: (why) => {
        this.#log.warn(`the lease is lost: ${why}`)
        this.#trainer?.kill()
        this.#end(null)
      },
      onDifference: ({ name, step, stored, value }) => this.#end({ type: 'failed', failure: notReproduced(name, step, stored, value) }),
    })
  }

  get runId(): string {
    return this.#options.run.runId
  }

  /** Somebody may want this run to stop: look soon. */
  poke(): void {
    this.#writer.poke()
  }

  /** Asks the trainer to stop between two steps, and kills it after the grace period. Cancelling comes before the others. */
  requestStop(reason: StopReason): void {
    if (this.#stop === 'cancel' || this.#stop === reason) return
    this.#stop = reason
    this.#trainer?.send({ type: 'stop', reason })
    clearTimeout(this.#stopTimer)
    this.#stopTimer = setTimeout(() => this.#end({ type: 'stopped', reason }), this.#options.times.stopGraceMs[reason])
  }

  async execute(): Promise<void> {
    const { times, now } = this.#options
    const watch = setInterval(
      () => {
        if (now() - this.#aliveAt < times.stallMs) return
        this.#end({ type: 'crashed', reason: `The trainer did not advance for ${times.stallMs / 1000} s and was killed.` })
      },
      Math.min(1000, times.stallMs / 4),
    )
    const { runtimeMsLeft } = this.#options.run
    if (runtimeMsLeft !== null) this.#runtimeTimer = setTimeout(() => this.requestStop('timeout'), Math.min(runtimeMsLeft, TIMER_MS_MAX))
    try {
      this.#launch().catch((error: unknown) => this.#end(this.#endingOf(error)))
      const ending = await this.#ended
      if (ending?.type !== 'done') this.#trainer?.kill()
      if (ending !== null) await this.#settle(ending)
    } finally {
      clearInterval(watch)
      clearTimeout(this.#stopTimer)
      clearTimeout(this.#runtimeTimer)
      this.#over.abort()
      this.#writer.close()
      await this.#dropTrainer()
      if (this.#copies !== undefined) await rm(this.#copies, { recursive: true, force: true })
    }
  }

  async #dropTrainer(): Promise<void> {
    // It may come when its run is over already.
    const trainer = await this.#taking?.catch(() => null)
    trainer?.kill()
    await trainer?.exited
    await trainer?.directory.remove()
  }

  #tell(type: string, message: string): void {
    this.#writer.add({ event: { type, message } })
  }

  async #launch(): Promise<void> {
    const { run, trainers, threads, memoryBytesMax, sql, files, directories } = this.#options
    this.#copies ??= directories.make('run')
    if (run.config.kind === 'prepare') await this.#import(run.config)
    const granted = run.config.kind === 'train' ? Math.min(run.config.training.threads ?? threads, threads) : threads
    this.#taking = trainers.take()
    const [start, trainer] = await Promise.all([
      buildStartMessage({ run, sql, files, copies: this.#copies, threads: granted, memoryBytesMax }),
      this.#taking,
    ])
    this.#trainer = trainer
    if (!this.#writer.isHeld || this.#stop !== null) {
      if (this.#stop !== null) this.#end({ type: 'stopped', reason: this.#stop })
      trainer.kill()
      return
    }
    const message = await grantTo(trainer.directory, start.message)
    for (const event of start.events) this.#writer.add({ event })
    this.#aliveAt = this.#options.now()
    void trainer.exited.then(({ description, isOutOfMemory }) => {
      const reason = `The trainer ${description}.`
      // Its last words may still be in the inbox.
      void this.#inbox.then(() => this.#end(isOutOfMemory ? { type: 'failed', failure: outOfMemory(reason) } : { type: 'crashed', reason }))
    })
    trainer.listen(
      (message) => this.#receive(message),
      (problem) => this.#end({ type: 'crashed', reason: `The trainer ${problem}.` }),
    )
    trainer.send(message)
  }

  /** Files that are fetched from elsewhere may take longer than a start, as long as they come. */
  async #import(config: RunConfigOf<'prepare'>): Promise<void> {
    const { imports, run, now } = this.#options
    const onAlive = () => {
      this.#aliveAt = now() + START_MS_MAX
    }
    for (const event of await imports.fetchAll(config, { projectId: run.projectId, signal: this.#over.signal, onAlive })) {
      this.#writer.add({ event })
    }
  }

  #receive(message: TrainerMessage): void {
    this.#noteLife(message)
    this.#inbox = this.#inbox.then(async () => {
      try {
        await this.#handle(message)
      } catch (error) {
        this.#end(this.#endingOf(error))
      }
    })
  }

  /** While it trains, only a further step proves that the trainer advances. */
  #noteLife(message: TrainerMessage): void {
    if (message.type === 'progress' && message.phase === 'training') {
      if (message.step <= this.#step) return
      this.#step = message.step
    }
    this.#aliveAt = this.#options.now()
  }

  async #handle(message: TrainerMessage): Promise<void> {
    const handlers: { [K in TrainerMessage['type']]: (message: TrainerMessageOf<K>) => Promise<void> | void } = {
      ready: () => {},
      planned: (m) => this.#recordPlan(m),
      progress: ({ phase, step, epoch, samples_per_second, points }) =>
        this.#writer.add({ points, progress: { phase, step, epoch, samplesPerSecond: samples_per_second } }),
      checkpoint: (m) => this.#storeCheckpoint(m),
      prepared: (m) => this.#storeShards(m),
      event: ({ event, message: text }) => this.#writer.add({ event: { type: event, message: text } }),
      done: ({ result }) => this.#end({ type: 'done', result }),
      stopped: ({ reason }) => this.#end({ type: 'stopped', reason }),
      failed: ({ failure }) => this.#end(endingOfFailure(failure)),
    }
    const handler = handlers[message.type] as (message: TrainerMessage) => Promise<void> | void
    await handler(message)
  }

  async #recordPlan({ plan, fingerprint }: TrainerMessageOf<'planned'>): Promise<void> {
    const { run } = this.#options
    if (run.fingerprint !== null && run.fingerprint !== fingerprint) {
      this.#writer.onDifference = 'supersede'
      const message = `Goes on with another engine, so that the result is not exactly that of an undisturbed run: ${run.fingerprint} → ${fingerprint}.`
      this.#writer.add({ event: { type: 'not_exact', message } })
    }
    const totalEpochs = run.config.kind === 'train' ? run.config.training.epochs : null
    await this.#writer.write((sql, fence) => runFlush.recordPlan(sql, fence, { plan, fingerprint, totalEpochs }))
  }

  async #storeCheckpoint(message: TrainerMessageOf<'checkpoint'>): Promise<void> {
    const { run } = this.#options
    if (!this.#writer.isHeld) return
    const path = await this.#ownFile(message.file.path)
    const objectKey = `checkpoints/${run.runId}/${run.leaseEpoch}/step-${message.step}-${message.kind}.safetensors`
    const stored = await this.#putWithSpace(objectKey, path, message)
    if (stored === null) return
    const checkpoint: NewCheckpoint = {
      id: newUuid(),
      kind: message.kind,
      step: message.step,
      epoch: message.epoch,
      objectKey,
      bytes: stored.bytes,
      sha256: stored.sha256,
      metrics: Object.fromEntries(Object.entries(message.metrics).map(([name, value]) => [name, toWireNumber(value)])),
    }
    if (message.kind === 'final') this.#finalCheckpoint = checkpoint
    else await this.#writer.write((sql, fence) => runState.recordCheckpoint(sql, fence, checkpoint))
    await rm(path, { force: true })
    await this.#prune()
  }

  /** What is left over now is left over after the next checkpoint too. */
  async #prune(): Promise<void> {
    const { run, sql, storage } = this.#options
    if (run.config.kind !== 'train') return
    await pruneCheckpoints(sql, storage, run.runId, run.config.training.checkpoint).catch((error: unknown) =>
      this.#log.warn({ error }, 'superfluous checkpoints could not be deleted'),
    )
  }

  /** Without space a periodic checkpoint is left out, since training goes on and the next one takes its place; the final one waits. */
  async #putWithSpace(key: string, path: string, { kind, step }: TrainerMessageOf<'checkpoint'>): Promise<StoredObject | null> {
    const { storage, now } = this.#options
    for (let attempt = 0; this.#writer.isHeld; attempt++) {
      try {
        const stored = await storage.putFile(key, path, { mayCommit: () => this.#writer.isHeld })
        this.#aliveAt = now()
        return stored
      } catch (error) {
        // Another attempt may be at work: nothing of this one appears any more.
        if (!this.#writer.isHeld) break
        if (!isStorageFull(error)) throw error
        const what = kind === 'periodic' ? 'It is left out; the one before stays.' : 'Waiting for space.'
        if (attempt === 0) this.#tell('checkpoint_failed', `The storage is full: no space for the checkpoint of step ${step}. ${what}`)
        if (kind === 'periodic') break
        await sleep(SPACE_RETRY_MS)
        this.#aliveAt = now()
      }
    }
    await rm(path, { force: true })
    return null
  }

  async #storeShards({ manifest, files }: TrainerMessageOf<'prepared'>): Promise<void> {
    const { run } = this.#options
    if (run.config.kind !== 'prepare') throw new Error('the trainer sent a prepared dataset, but prepares none')
    const prefix = shardPrefix(run.projectId)
    const expected = new Map(storedFiles(manifest).map((file) => [file.key, file]))
    const missing = new Set(expected.keys())
    for (const { key, path } of files) {
      if (!this.#writer.isHeld) return
      const file = expected.get(key)
      if (file === undefined || !key.startsWith(`${prefix}${file.sha256}.`))
        throw new Error(`"${key}" is no file of the manifest below ${prefix}`)
      await this.#storeOnce(file, await this.#ownFile(path))
      missing.delete(key)
      this.#aliveAt = this.#options.now()
    }
    if (missing.size > 0) throw new Error(`the manifest names files that were not written: ${[...missing].join(', ')}`)
    this.#manifest = manifest
  }

  /** An object named by its content that is there already is the same. */
  async #storeOnce({ key, bytes, sha256 }: { key: string; bytes: number; sha256: string }, path: string): Promise<void> {
    const { storage } = this.#options
    if ((await storage.stat(key))?.bytes === bytes) return
    const stored = await storage.putFile(key, path)
    if (stored.sha256 !== sha256) throw new Error(`"${key}" has another content than its manifest says`)
  }

  async #settle(ending: NonNullable<Ending>): Promise<void> {
    const { run, crashLimit } = this.#options
    const state = await this.#writer.write((sql, fence) => {
      if (ending.type === 'failed') return runState.fail(sql, fence, ending.failure)
      if (ending.type === 'crashed') return runState.crash(sql, fence, ending.reason, crashLimit)
      if (ending.type === 'postponed') return runState.postpone(sql, fence, ending.reason, ending.delayMs)
      if (ending.type === 'stopped') {
        return ending.reason === 'timeout' ? runState.fail(sql, fence, ranTooLong(run)) : runState.release(sql, fence, ending.reason)
      }
      if (run.kind === 'prepare' && this.#manifest === undefined)
        return runState.crash(sql, fence, 'The trainer ended without a manifest.', crashLimit)
      return runState.complete(sql, fence, {
        result: ending.result,
        ...(ending.result.kind === 'train' ? { lastStep: ending.result.steps } : {}),
        ...(this.#finalCheckpoint === undefined ? {} : { checkpoint: this.#finalCheckpoint }),
        ...(this.#manifest === undefined ? {} : { manifest: this.#manifest }),
      })
    })
    this.#log.info({ ending: ending.type, state }, 'the attempt has ended')
  }

  /** A path that the trainer names, if it lies in the run's own directory. */
  async #ownFile(path: string): Promise<string> {
    const real = await realpath(path)
    if (this.#trainer === null || !real.startsWith((await realpath(this.#trainer.directory.work)) + sep))
      throw new Error(`the trainer names a file outside of its directory: ${path}`)
    return real
  }

  #endingOf(error: unknown): Ending {
    const known =
      error instanceof TrainyardError ? error : isStorageFull(error) ? new TrainyardError('storage_full', { cause: error }) : null
    if (known !== null) {
      const { code, message, hint } = known
      return endingOfFailure({ category: ERRORS[code].category, code, message, hint })
    }
    this.#log.error({ error }, 'the supervision failed')
    return { type: 'crashed', reason: 'The supervision of the trainer failed.' }
  }
}

function outOfMemory(reason: string): Failure {
  const { category, hint } = ERRORS.out_of_memory
  return { category, code: 'out_of_memory', message: `${reason} It asked for more memory than the plan of its model grants it.`, hint }
}

function endingOfFailure(failure: Failure): NonNullable<Ending> {
  if (!isErrorCode(failure.code)) return { type: 'failed', failure }
  const delayMs = POSTPONED_MS[failure.code]
  if (delayMs !== undefined) return { type: 'postponed', reason: `${ERRORS[failure.code].title}: ${failure.message}`, delayMs }
  return ERRORS[failure.code].retryable ? { type: 'crashed', reason: failure.message } : { type: 'failed', failure }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}

function ranTooLong({ maxRuntimeS }: ClaimedRun): Failure {
  return {
    category: ERRORS.timeout.category,
    code: 'timeout',
    message: `The run was running for ${maxRuntimeS} s in all, which is its max_runtime_s.`,
    hint: 'Retry the job with a higher max_runtime_s: it goes on from its last checkpoint.',
  }
}

function notReproduced(name: string, step: number, stored: number, value: number): Failure {
  return {
    category: ERRORS.engine_failure.category,
    code: 'engine_failure',
    message: `Step ${step} was trained again after a resume: ${name} is ${value}, the first time it was ${stored}. Expected the same bits.`,
    hint: ERRORS.engine_failure.hint,
  }
}
