// The rules of a run as plain values: what each statement of runs/ decides and writes, told a second time and without SQL. Time is a number
// that whoever asks passes in: the clock of the database.

import type { RunState } from '@trainyard/contracts'

/** A statement, as a worker, a reconciler or a user sends it. `epoch` is the fence of who sends it, which may have been overtaken. */
export type Op =
  | { readonly name: 'claim'; readonly ttl: number }
  | { readonly name: 'flush'; readonly epoch: number; readonly ttl: number; readonly step: number }
  | { readonly name: 'checkpoint'; readonly epoch: number; readonly step: number }
  | { readonly name: 'complete'; readonly epoch: number }
  | { readonly name: 'fail'; readonly epoch: number }
  | { readonly name: 'crash'; readonly epoch: number }
  | { readonly name: 'preempt' | 'pause_now' | 'cancel_now'; readonly epoch: number }
  | { readonly name: 'postpone'; readonly epoch: number; readonly delay: number }
  | { readonly name: 'expire' }
  | { readonly name: 'announce' }
  | { readonly name: 'redispatch'; readonly seq: number }
  | { readonly name: 'cancel' | 'pause' | 'resume' }

/** What the sender is told; null: nothing was changed. */
export type Outcome = RunState | number | string | null

const CRASH_LIMIT = 3
const LOST_LIMIT = 10

/** Everything about a run that a test can read from the tables. */
export interface RunSnapshot {
  readonly state: RunState
  readonly epoch: number
  readonly seq: number
  readonly crashes: number
  readonly losses: number
  readonly cancel: boolean
  readonly pause: boolean
  readonly step: number
  readonly checkpoint: number
  readonly hasLease: boolean
  readonly waits: boolean
  readonly events: number
  /** Sequence numbers of the messages. */
  readonly messages: readonly number[]
  readonly outcomes: readonly (string | null)[]
}

export class RunModel {
  state: RunState = 'queued'
  epoch = 0
  seq = 1
  crashes = 0
  losses = 0
  cancel = false
  pause = false
  step = 0
  /** Step of the newest checkpoint; −1: none. */
  checkpoint = -1
  leaseEnd: number | null = null
  notBefore: number | null = null
  events = 1
  readonly messages: number[] = [1]
  readonly outcomes: (string | null)[] = []

  get isOver(): boolean {
    return this.state === 'succeeded' || this.state === 'failed' || this.state === 'cancelled'
  }

  snapshot(): RunSnapshot {
    const { state, epoch, seq, crashes, losses, cancel, pause, step, checkpoint, events } = this
    const rest = {
      hasLease: this.leaseEnd !== null,
      waits: this.notBefore !== null,
      messages: [...this.messages],
      outcomes: [...this.outcomes],
    }
    return { state, epoch, seq, crashes, losses, cancel, pause, step, checkpoint, events, ...rest }
  }

  apply(op: Op, now: number): Outcome {
    if ('epoch' in op) return this.state === 'running' && this.epoch === op.epoch ? this.#fenced(op, now) : null
    switch (op.name) {
      case 'claim':
        return this.#claim(now, op.ttl)
      case 'expire':
        return this.#expire(now)
      case 'announce':
        return this.#announce(now)
      case 'redispatch':
        return this.state === 'queued' && this.seq === op.seq ? this.#message() : null
      case 'cancel':
      case 'pause':
      case 'resume':
        return this.#ask(op.name)
    }
  }

  #claim(now: number, ttl: number): Outcome {
    if (this.state !== 'queued' || (this.notBefore !== null && this.notBefore > now)) return null
    this.state = 'running'
    this.epoch++
    this.leaseEnd = now + ttl
    this.notBefore = null
    this.events++
    this.outcomes.push(null)
    return this.epoch
  }

  #fenced(op: Extract<Op, { epoch: number }>, now: number): Outcome {
    switch (op.name) {
      case 'flush':
        this.leaseEnd = now + op.ttl
        this.step = op.step
        return this.cancel ? 'cancel' : this.pause ? 'pause' : 'go on'
      case 'checkpoint':
        if (op.step > this.checkpoint) {
          this.crashes = 0
          this.losses = 0
          this.checkpoint = op.step
        }
        this.events++
        return 'stored'
      case 'complete':
        return this.#leave(this.cancel ? 'cancelled' : 'succeeded', 'succeeded')
      case 'fail':
        return this.#leave(this.cancel ? 'cancelled' : 'failed', 'failed')
      case 'crash':
        this.crashes++
        return this.#leave(this.#after(this.crashes >= CRASH_LIMIT), 'crashed')
      case 'preempt':
        return this.#leave(this.#after(false), 'preempted')
      case 'pause_now':
        return this.#leave(this.cancel ? 'cancelled' : 'paused', 'paused')
      case 'cancel_now':
        return this.#leave('cancelled', 'cancelled')
      case 'postpone':
        return this.#leave(this.#after(false), 'postponed', now + op.delay)
    }
  }

  #expire(now: number): Outcome {
    if (this.state !== 'running' || this.leaseEnd === null || this.leaseEnd >= now) return null
    this.losses++
    return this.#leave(this.#after(this.losses >= LOST_LIMIT), 'lease_lost')
  }

  #after(isTooMuch: boolean): RunState {
    if (this.cancel) return 'cancelled'
    if (isTooMuch) return 'failed'
    return this.pause ? 'paused' : 'queued'
  }

  #leave(next: RunState, outcome: string, notBefore: number | null = null): RunState {
    this.state = next
    this.leaseEnd = null
    this.pause = false
    this.events++
    this.outcomes[this.epoch - 1] = next === 'cancelled' ? 'cancelled' : outcome
    this.notBefore = next === 'queued' ? notBefore : null
    if (next === 'queued') {
      this.seq++
      if (notBefore === null) this.messages.push(this.seq)
    }
    return next
  }

  #announce(now: number): Outcome {
    if (this.state !== 'queued' || this.notBefore === null || this.notBefore > now) return null
    this.notBefore = null
    return this.#message()
  }

  #message(): number {
    this.seq++
    this.messages.push(this.seq)
    return this.seq
  }

  #ask(what: 'cancel' | 'pause' | 'resume'): Outcome {
    if (this.isOver || this.cancel) return null
    const isRunning = this.state === 'running'
    if (what === 'cancel') {
      this.cancel = true
      if (!isRunning) this.state = 'cancelled'
    } else if (what === 'pause') {
      if (this.state === 'paused' || this.pause) return null
      this.notBefore = null
      if (isRunning) this.pause = true
      else this.state = 'paused'
    } else {
      if (isRunning ? !this.pause : this.state !== 'paused') return null
      this.pause = false
      if (!isRunning) {
        this.state = 'queued'
        this.#message()
      }
    }
    this.events++
    return this.state
  }
}
