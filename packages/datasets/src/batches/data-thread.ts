// The trainer's side of the data thread. The trainer blocks on shared memory, not on messages: its event loop may be busy for the whole run.

import { createRequire } from 'node:module'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { TrainyardError } from '@trainyard/errors'
import type { OrderOptions } from './batch-order.ts'
import type { GatherOptions } from './gather.ts'

/** Places in the control array. */
export const CONTROL = {
  /** 1 when the thread has loaded. */
  ready: 0,
  /** First step for the thread; −1 until the trainer hands over. */
  firstStep: 1,
  /** Steps before this one are in their slots. */
  produced: 2,
  /** Slots of steps before this one may be filled again. */
  released: 3,
  stop: 4,
  failed: 5,
} as const
const CONTROL_LENGTH = 6
/** Bytes for the text of a failure. */
export const MESSAGE_BYTES = 1024
/** A batch that takes longer than this will never come. */
const TIMEOUT_MS = 120_000

/** A batch's memory, shared with the thread. */
export interface SlotBuffers {
  readonly samples: SharedArrayBuffer
  readonly targets: SharedArrayBuffer
  /** Where the samples before corruption are asked for beside the labels. */
  readonly originals: SharedArrayBuffer | undefined
}

/** What the thread works on: plain data and shared memory. */
export interface DataThreadJob {
  readonly gather: GatherOptions
  readonly order: OrderOptions
  readonly slots: readonly SlotBuffers[]
}

export interface DataThreadStart extends DataThreadJob {
  readonly control: SharedArrayBuffer
  readonly message: SharedArrayBuffer
}

export class DataThread {
  readonly #control = new Int32Array(new SharedArrayBuffer(CONTROL_LENGTH * 4))
  readonly #message = new Uint8Array(new SharedArrayBuffer(MESSAGE_BYTES))
  readonly #worker: Worker
  #handedOver = false

  constructor(job: DataThreadJob) {
    this.#control[CONTROL.firstStep] = -1
    const workerData: DataThreadStart = { ...job, control: this.#control.buffer, message: this.#message.buffer }
    this.#worker = startThread(workerData)
    // A thread that cannot start costs speed only: the trainer goes on gathering by itself.
    this.#worker.on('error', (error) => this.#fail(error))
    this.#worker.unref()
  }

  /** Whether the thread gathers from now on. */
  get isRunning(): boolean {
    return this.#handedOver
  }

  /**
   * Blocks until the batch of this step is in its slot. Releases the slots of all steps before.
   * @returns false when the caller has to gather it: the thread has not started yet
   * @throws TrainyardError `internal` when the thread failed
   */
  take(step: number): boolean {
    const control = this.#control
    Atomics.store(control, CONTROL.released, step)
    if (!this.#handedOver) {
      if (Atomics.load(control, CONTROL.ready) === 1) {
        this.#handedOver = true
        Atomics.store(control, CONTROL.firstStep, step + 1)
        Atomics.notify(control, CONTROL.firstStep)
      }
      return false
    }
    Atomics.notify(control, CONTROL.released)
    for (;;) {
      const produced = Atomics.load(control, CONTROL.produced)
      if (produced > step) return true
      if (Atomics.load(control, CONTROL.failed) === 1) throw threadFailure(readText(this.#message))
      if (Atomics.wait(control, CONTROL.produced, produced, TIMEOUT_MS) === 'timed-out') {
        throw threadFailure(`no batch for step ${step} within ${TIMEOUT_MS / 1000} s`)
      }
    }
  }

  close(): void {
    Atomics.store(this.#control, CONTROL.stop, 1)
    Atomics.notify(this.#control, CONTROL.released)
    Atomics.notify(this.#control, CONTROL.firstStep)
    void this.#worker.terminate()
  }

  #fail(error: Error): void {
    if (this.#handedOver) writeFailure(this.#control, this.#message, error)
  }
}

/** Called by either side; the trainer sees it at its next `take`. */
export function writeFailure(control: Int32Array, message: Uint8Array, error: unknown): void {
  new TextEncoder().encodeInto(error instanceof Error ? error.message : String(error), message)
  Atomics.store(control, CONTROL.failed, 1)
  // `produced` must change, or a waiter that looked before would sleep on.
  Atomics.sub(control, CONTROL.produced, 1)
  Atomics.notify(control, CONTROL.produced)
}

function readText(message: Uint8Array): string {
  const end = message.indexOf(0)
  // TextDecoder takes no shared memory.
  return new TextDecoder().decode(message.slice(0, end < 0 ? message.length : end))
}

function threadFailure(what: string): TrainyardError {
  return new TrainyardError('internal', { detail: `the data thread failed: ${what}` })
}

/** The thread's code lies beside this file, bundled like it or as source like it. */
function startThread(workerData: DataThreadStart): Worker {
  const extension = extname(import.meta.url)
  const entry = new URL(`./data-thread.entry${extension}`, import.meta.url)
  return extension === '.ts'
    ? new Worker(loadSource(fileURLToPath(entry)), { eval: true, execArgv: [], workerData })
    : new Worker(entry, { execArgv: [], workerData })
}

/**
 * Node 20 does not apply `--import tsx` to threads, and with loader hooks a thread needs its parent's event loop to start. The CommonJS
 * hook needs neither.
 */
function loadSource(entry: string): string {
  const tsx = createRequire(import.meta.url).resolve('tsx/cjs/api')
  return `require(${JSON.stringify(tsx)}).register(); require(${JSON.stringify(entry)})`
}
