// The protocol of claims, leases and fenced writes under seeded schedules: workers that are killed, stopped and shut down, trainers that crash,
// a network that loses requests and answers or delivers them late, a queue that loses, repeats and reorders, a user who changes her mind. What
// decides is the model of the statements; workers know only what they are told. Afterwards the oracle: what was acknowledged is there, once, with
// the values of an undisturbed run.

import { type Op, type Outcome, RunModel } from './run-model.ts'

const TTL = 10
/** As in the supervisor: share of the lease's life without an answer after which a worker gives up. */
const SELF_FENCING_SHARE = 0.6
const STEPS = 12
const WORKERS = 3
/** Events with faults, and how many without them must be enough to end. */
const DISTURBED = 250
const CALM = 4000
/** Clocks of workers run faster or slower than the database's by at most this share. */
const DRIFT_MAX = 0.05

/** What a fault changes in how a worker behaves; for tests that the oracle notices. */
export interface Mutation {
  /** Stores checkpoints before the points of their steps are acknowledged. */
  readonly checkpointFirst?: boolean
  /** Goes on without regard to its own clock. */
  readonly noSelfFencing?: boolean
  /** Takes an answer that was lost for one that was given. */
  readonly trustsLostReplies?: boolean
  /** Statements work without looking at the epoch. */
  readonly noFence?: boolean
}

export interface SimulatedRun {
  readonly violations: readonly string[]
  readonly ops: number
  readonly attempts: number
  readonly state: string
}

/** Called for every statement that the database executes, in order, with its clock. */
export type Recorder = (op: Op, now: number, outcome: Outcome, model: RunModel) => void

interface Request {
  readonly op: Op
  /** Points that travel with a flush. */
  readonly points: readonly (readonly [step: number, value: number])[]
  readonly value: number
  readonly sentAt: number
  executed: boolean
  outcome: Outcome
}

interface Worker {
  /** 0: it has no run. */
  epoch: number
  /** Of its clock against the database's. */
  rate: number
  stoppedUntil: number
  renewedAt: number
  step: number
  value: number
  pending: [number, number][]
  request: Request | null
  /** What it wants to write once its points are acknowledged. */
  wish: 'checkpoint' | 'complete' | 'crash' | 'preempt' | 'pause_now' | 'cancel_now' | 'postpone' | null
}

/** The state of a training after a step depends on all before it. */
const advance = (value: number, step: number) => (Math.imul(value ^ step, 0x9e3779b1) >>> 7) ^ (value << 3)

export class RunSimulation {
  readonly #model = new RunModel()
  readonly #random: () => number
  readonly #record: Recorder | undefined
  readonly #mutation: Mutation
  readonly #workers: Worker[]
  /** Requests of workers that are gone: they may still arrive. */
  readonly #orphans: Request[] = []
  readonly #points = new Map<number, number>()
  readonly #checkpoints = new Map<number, number>()
  readonly #violations: string[] = []
  #queue: number[] = []
  readonly #unpublished: number[] = [1]
  #now = 0
  #ops = 0
  #isCalm = false
  #end: string | null = null

  constructor(seed: number, record?: Recorder, mutation: Mutation = {}) {
    this.#random = mulberry32(seed)
    this.#record = record
    this.#mutation = mutation
    this.#workers = Array.from({ length: WORKERS }, () => this.#newWorker())
  }

  run(): SimulatedRun {
    for (let i = 0; i < DISTURBED; i++) this.#event()
    this.#isCalm = true
    for (let i = 0; i < CALM && !this.#model.isOver; i++) this.#event()
    // Whatever is still under way arrives at a run that is over.
    for (const request of this.#orphans.splice(0)) this.#execute(request)
    for (const { request } of this.#workers) if (request !== null && !request.executed) this.#execute(request)
    this.#judge()
    return { violations: this.#violations, ops: this.#ops, attempts: this.#model.epoch, state: this.#model.state }
  }

  #event(): void {
    this.#now += this.#random() * 0.3
    const dice = this.#random()
    if (dice < 0.7) this.#workerEvent(this.#pick(this.#workers))
    else if (dice < 0.8) this.#relay()
    else if (dice < 0.87) this.#reconcile()
    else if (dice < 0.92) this.#deliverOrphan()
    else if (!this.#isCalm) this.#disturb()
    else if (this.#model.state === 'paused') this.#apply({ name: 'resume' })
  }

  #disturb(): void {
    const dice = this.#random()
    const worker = this.#pick(this.#workers)
    if (dice < 0.2) this.#kill(worker)
    else if (dice < 0.4) worker.stoppedUntil = this.#now + this.#random() * 2.5 * TTL
    else if (dice < 0.5) this.#want(worker, 'preempt')
    else if (dice < 0.57) this.#want(worker, 'crash')
    else if (dice < 0.62) this.#want(worker, 'postpone')
    else if (dice < 0.72) this.#queue = []
    else if (dice < 0.8) this.#queue.push(...this.#queue.slice(0, 2))
    else if (dice < 0.815) this.#apply({ name: 'cancel' })
    else if (dice < 0.9) this.#apply({ name: 'pause' })
    else this.#apply({ name: 'resume' })
  }

  #want(worker: Worker, wish: Worker['wish']): void {
    if (worker.epoch > 0) worker.wish ??= wish
  }

  #relay(): void {
    const seq = this.#unpublished.shift()
    if (seq === undefined) return
    this.#queue.push(seq)
    // It may die before it marks the message as published.
    if (this.#fault(0.1)) this.#unpublished.push(seq)
  }

  #reconcile(): void {
    this.#apply({ name: 'expire' })
    this.#apply({ name: 'announce' })
    const { state, notBefore, seq } = this.#model
    const isLost = state === 'queued' && notBefore === null && !this.#unpublished.includes(seq) && !this.#queue.includes(seq)
    if (isLost) this.#apply({ name: 'redispatch', seq })
  }

  #deliverOrphan(): void {
    const request = this.#orphans.splice(Math.floor(this.#random() * this.#orphans.length), 1)[0]
    if (request !== undefined) this.#execute(request)
  }

  #kill(worker: Worker): void {
    if (worker.request !== null && !worker.request.executed) this.#orphans.push(worker.request)
    Object.assign(worker, this.#newWorker())
  }

  #workerEvent(worker: Worker): void {
    if (worker.stoppedUntil > this.#now) return
    if (worker.request !== null) this.#network(worker, worker.request)
    else if (worker.epoch === 0) this.#listen(worker)
    else if (this.#holds(worker)) this.#train(worker)
    else this.#forget(worker)
  }

  /** By its own clock, counted from before the request that renewed the lease. */
  #holds({ renewedAt, rate }: Worker): boolean {
    return this.#mutation.noSelfFencing === true || (this.#now - renewedAt) * rate < SELF_FENCING_SHARE * TTL
  }

  #listen(worker: Worker): void {
    if (this.#queue.length === 0) return
    this.#queue.splice(Math.floor(this.#random() * this.#queue.length), 1)
    this.#send(worker, { name: 'claim', ttl: TTL })
  }

  #network(worker: Worker, request: Request): void {
    if (!request.executed) {
      // The connection breaks before the request arrives, or the request is held up and arrives when nobody waits for it any more.
      if (this.#fault(0.06)) this.#fail(worker, request, this.#random() < 0.5)
      else this.#execute(request)
      return
    }
    if (this.#fault(0.06) && this.#mutation.trustsLostReplies !== true) {
      this.#fail(worker, request, false)
      return
    }
    worker.request = null
    this.#answer(worker, request)
  }

  /** The worker hears of an error and does not know whether the statement was executed. */
  #fail(worker: Worker, request: Request, isUnderWay: boolean): void {
    if (isUnderWay) this.#orphans.push(request)
    worker.request = null
    if (this.#mutation.trustsLostReplies === true && request.op.name === 'flush') this.#answer(worker, { ...request, outcome: 'go on' })
    else if (request.op.name === 'flush')
      worker.pending = [...request.points.map(([s, v]) => [s, v] as [number, number]), ...worker.pending]
  }

  #train(worker: Worker): void {
    const isBehind = worker.pending.length > 0
    if (worker.wish !== null && (!isBehind || (this.#mutation.checkpointFirst === true && worker.wish === 'checkpoint'))) {
      this.#write(worker, worker.wish)
    } else if (worker.wish !== null || this.#random() < 0.4) this.#flush(worker)
    else if (worker.step < STEPS) {
      worker.step++
      worker.value = advance(worker.value, worker.step)
      worker.pending.push([worker.step, worker.value])
      if (worker.step === STEPS) worker.wish = 'complete'
      else if (worker.step % 3 === 0) worker.wish = 'checkpoint'
    } else worker.wish = 'complete'
  }

  #flush(worker: Worker): void {
    const points = worker.pending
    worker.pending = []
    this.#send(worker, { name: 'flush', epoch: worker.epoch, ttl: TTL, step: worker.step }, points)
  }

  #write(worker: Worker, wish: NonNullable<Worker['wish']>): void {
    const { epoch, step, value } = worker
    if (wish === 'checkpoint') this.#send(worker, { name: wish, epoch, step }, [], value)
    else if (wish === 'postpone') this.#send(worker, { name: wish, epoch, delay: 3 })
    else this.#send(worker, { name: wish, epoch })
  }

  #send(worker: Worker, op: Op, points: Request['points'] = [], value = 0): void {
    worker.request = { op, points, value, sentAt: this.#now, executed: false, outcome: null }
  }

  #execute(request: Request): void {
    const { op, points, value } = request
    request.executed = true
    const unfenced = this.#mutation.noFence === true && 'epoch' in op ? { ...op, epoch: this.#model.epoch } : op
    request.outcome = this.#apply(unfenced)
    if (request.outcome === null) return
    if ('epoch' in op && op.epoch !== this.#model.epoch)
      this.#violate(`attempt ${op.epoch} wrote after attempt ${this.#model.epoch} had begun`)
    if (op.name === 'claim') this.#checkAlone(request)
    if (op.name === 'checkpoint') this.#checkpoints.set(op.step, value)
    for (const [step, point] of points) {
      const stored = this.#points.get(step)
      if (stored !== undefined && stored !== point) this.#violate(`step ${step} was trained twice with different values`)
      this.#points.set(step, point)
    }
  }

  /** When somebody gets the run, nobody else may believe to have it. */
  #checkAlone(request: Request): void {
    for (const other of this.#workers) {
      if (other.request === request || other.epoch === 0 || other.epoch === this.#model.epoch) continue
      const hasLeft = this.#model.outcomes[other.epoch - 1] !== 'lease_lost'
      if (!hasLeft && this.#holds(other))
        this.#violate(`attempt ${other.epoch} still trusts its lease when attempt ${this.#model.epoch} begins`)
    }
  }

  #answer(worker: Worker, { op, outcome, sentAt }: Request): void {
    if (op.name === 'claim') {
      if (typeof outcome !== 'number') return
      const step = Math.max(0, ...this.#checkpoints.keys())
      worker.epoch = outcome
      worker.renewedAt = sentAt
      worker.step = step
      worker.value = this.#checkpoints.get(step) ?? 0
      worker.pending = []
      worker.wish = step === STEPS ? 'complete' : null
      return
    }
    // The fence no longer holds, or the run has left with this statement.
    if (outcome === null || (op.name !== 'flush' && op.name !== 'checkpoint')) this.#forget(worker)
    else if (op.name === 'flush') {
      worker.renewedAt = sentAt
      if (outcome === 'cancel') worker.wish = 'cancel_now'
      else if (outcome === 'pause' && worker.wish !== 'complete') worker.wish = 'pause_now'
    } else worker.wish = null
  }

  #forget(worker: Worker): void {
    const { stoppedUntil } = worker
    Object.assign(worker, this.#newWorker(), { stoppedUntil })
  }

  #apply(op: Op): Outcome {
    const wasOver = this.#model.isOver
    const messages = this.#model.messages.length
    const outcome = this.#model.apply(op, this.#now)
    this.#ops++
    if (wasOver && outcome !== null) this.#violate(`${op.name} changed a run that was over`)
    for (const seq of this.#model.messages.slice(messages)) this.#unpublished.push(seq)
    if (this.#model.isOver) this.#end ??= this.#model.state
    this.#record?.(op, this.#now, outcome, this.#model)
    return outcome
  }

  #judge(): void {
    const { state, cancel, outcomes, epoch, crashes, losses } = this.#model
    if (!this.#model.isOver) this.#violate(`the run is still ${state} after ${CALM} undisturbed events`)
    if (this.#end !== null && this.#end !== state) this.#violate(`it was ${this.#end} and is ${state}`)
    if (cancel && state === 'succeeded') this.#violate('it was to be cancelled and succeeded')
    if (state === 'cancelled' && !cancel) this.#violate('it was cancelled and nobody had asked')
    if (outcomes.length !== epoch || (this.#model.isOver && outcomes.includes(null))) this.#violate('attempts are missing or open')
    if (state === 'failed' && crashes < 3 && losses < 10) this.#violate('it failed without a reason')
    if (state !== 'succeeded') return
    let value = 0
    for (let step = 1; step <= STEPS; step++) {
      value = advance(value, step)
      if (this.#points.get(step) !== value)
        this.#violate(`the point of step ${step} is ${this.#points.get(step) === undefined ? 'lost' : 'another'}`)
    }
    if (this.#points.size !== STEPS) this.#violate('there are points of steps that do not exist')
  }

  #violate(what: string): void {
    this.#violations.push(what)
  }

  #fault(probability: number): boolean {
    return !this.#isCalm && this.#random() < probability
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T
  }

  #newWorker(): Worker {
    const rate = 1 + (2 * this.#random() - 1) * DRIFT_MAX
    return { epoch: 0, rate, stoppedUntil: 0, renewedAt: 0, step: 0, value: 0, pending: [], request: null, wish: null }
  }
}

/** A small generator of 32 bits, enough for schedules (Tommy Ettinger, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
