// One claimed run from start to end: grants the trainer what it needs, writes down what it says, ends it when the run should stop, and
// decides what becomes of the run. Everything that it writes is fenced.

import { rm } from 'node:fs/promises'
import type { DatasetManifest, RunConfigOf, TrainerMessage, TrainerMessageOf } from '@trainyard/contracts'
import { type ClaimedRun, type NewCheckpoint, preparationFiles, runFlush, runState, storedKeys } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'
import type { Logger } from 'pino'
import { type Ending, endingOfError, endingOfFailure, notReproduced, outOfMemory, ranTooLong, type StopReason } from './ending.ts'
import type { FileGrants } from './file-grants.ts'
import { pruneCheckpoints } from './retention.ts'
import { RunWriter, type RunWriterOptions } from './run-writer.ts'
import type { SourceImports } from './source-imports.ts'
import { buildStartMessage, grantTo } from './start-message.ts'
import { TrainerFiles } from './trainer-files.ts'
import type { TrainerPool } from './trainer-pool.ts'
import type { Trainer } from './trainer-process.ts'
import type { WorkDirectories } from './work-directories.ts'

/** Milliseconds; which part of a second or minute is a matter of the configuration. */
export interface SupervisionTimes {
  readonly leaseTtlMs: number
  /** See RunWriter. */
  readonly flushMs: number
  readonly flushMsMax: number
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
  /** Milliseconds of work between two states of a preparation. */
  readonly prepareCheckpointMs: number
  readonly times: SupervisionTimes
  readonly now: () => number
  /** A write did not succeed; it is repeated. */
  readonly onFailure: RunWriterOptions['onFailure']
  readonly log: Logger
}

/** For files to be fetched and a trainer to load, before it has to advance. */
const START_MS_MAX = 600_000
/** What a timer can hold; runs that may train for longer than 24 days are looked at again by their next attempt. */
const TIMER_MS_MAX = 2 ** 31 - 1

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
  #files: TrainerFiles | null = null
  /** Messages of the trainer are worked off one after the other. */
  #inbox: Promise<void> = Promise.resolve()
  #stop: StopReason | null = null
  #stopTimer: NodeJS.Timeout | undefined
  #runtimeTimer: NodeJS.Timeout | undefined
  #aliveAt: number
  /** The trainer has told of more than that it is there: what it wrote may be on its way to the storage. */
  #hasBegun = false
  readonly #over = new AbortController()
  #step = -1
  #finalCheckpoint: NewCheckpoint | undefined
  #manifest: DatasetManifest | undefined

  constructor(options: SupervisionOptions) {
    const { run, sql, times, claimedAt, now, onFailure, log } = options
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
      flushMsMax: times.flushMsMax,
      claimedAt,
      now,
      onFailure,
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

  /**
   * Asks the trainer to stop between two steps, and kills it after the grace period. Cancelling comes before the others, and does not wait for a
   * trainer that is still being started: there is nothing to come to an end.
   */
  requestStop(reason: StopReason): void {
    if (this.#stop === 'cancel' || this.#stop === reason) return
    this.#stop = reason
    this.#trainer?.send({ type: 'stop', reason })
    clearTimeout(this.#stopTimer)
    const graceMs = reason === 'cancel' && !this.#hasBegun ? 0 : this.#options.times.stopGraceMs[reason]
    this.#stopTimer = setTimeout(() => this.#end({ type: 'stopped', reason }), graceMs)
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
      this.#launch().catch((error: unknown) => this.#fail(error))
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

  async #launch(): Promise<void> {
    const { run, trainers, threads, memoryBytesMax, prepareCheckpointMs, sql, storage, files, directories } = this.#options
    this.#copies ??= directories.make('run')
    if (run.config.kind === 'prepare') await this.#import(run.config)
    const granted = run.config.kind === 'train' ? Math.min(run.config.training.threads ?? threads, threads) : threads
    this.#taking = trainers.take()
    const [start, trainer] = await Promise.all([
      buildStartMessage({ run, sql, files, copies: this.#copies, threads: granted, memoryBytesMax, prepareCheckpointMs }),
      this.#taking,
    ])
    this.#trainer = trainer
    this.#files = new TrainerFiles({
      run,
      storage,
      directory: trainer.directory,
      isHeld: () => this.#writer.isHeld,
      isEnding: () => this.#stop !== null && this.#stop !== 'cancel',
      onAlive: () => {
        this.#aliveAt = this.#options.now()
      },
      tell: (event) => this.#writer.add({ event }),
    })
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
        this.#fail(error)
      }
    })
  }

  /** What is interrupted because the run is over is no failure of its own. */
  #fail(error: unknown): void {
    if (!this.#over.signal.aborted) this.#end(endingOfError(error, this.#log))
  }

  /** While it trains, only a further step proves that the trainer advances. */
  #noteLife(message: TrainerMessage): void {
    if (message.type !== 'ready') this.#hasBegun = true
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
      kept: (m) => this.#keep(m),
      prepared: async (m) => {
        await this.#writer.write(storedKeys.awaitRemovals)
        this.#manifest = (await this.#files?.storeShards(m)) ?? undefined
      },
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
    const checkpoint = await this.#files?.storeCheckpoint(message)
    if (checkpoint === undefined || checkpoint === null) return
    if (message.kind === 'final') this.#finalCheckpoint = checkpoint
    else await this.#writer.write((sql, fence) => runState.recordCheckpoint(sql, fence, checkpoint))
    await this.#prune()
  }

  async #keep(message: TrainerMessageOf<'kept'>): Promise<void> {
    const added = await this.#files?.storeState(message)
    if (added === undefined || added === null) return
    const names = message.files.map(({ name }) => name)
    const dropped = await this.#writer.write((sql, fence) => runState.keepPreparation(sql, fence, added, names))
    for (const key of dropped ?? []) await this.#options.storage.delete(key)
  }

  /** What is left over now is left over after the next checkpoint too. */
  async #prune(): Promise<void> {
    const { run, sql, storage } = this.#options
    if (run.config.kind !== 'train') return
    await pruneCheckpoints(sql, storage, run.runId, run.config.training.checkpoint).catch((error: unknown) =>
      this.#log.warn({ error }, 'superfluous checkpoints could not be deleted'),
    )
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
    if (run.kind === 'prepare') await this.#forgetState()
  }

  /** Nobody goes on with a preparation that has ended; what is left over now is left to the sweep. */
  async #forgetState(): Promise<void> {
    const { run, sql, storage } = this.#options
    try {
      for (const key of await preparationFiles.removeEnded(sql, run.runId)) await storage.delete(key)
    } catch (error) {
      this.#log.warn({ error }, 'what an ended preparation has kept could not be deleted')
    }
  }
}
