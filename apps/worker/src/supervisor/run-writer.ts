// All that a supervisor writes about its run: one fenced statement, every quarter of a second at first and every second later, that is heartbeat,
// progress, metrics and events at once and brings back whether somebody wants the run to stop. Writes happen one after the other. When the lease
// can no longer be taken for granted, it says so at once, without asking the database.

import { type MetricPoint, newUuid } from '@trainyard/contracts'
import { type Fence, type FlushInput, type FlushResult, type IdentifiedEvent, type NewEvent, runFlush, type Sql } from '@trainyard/database'

/** Share of the lease's life after which a supervisor that could not renew it stops its trainer, counted from before sending. */
const SELF_FENCING_SHARE = 0.6
/** Time between two flushes, as a share of the attempt's age: whoever looks at a run of minutes misses nothing, and its machine is left to it. */
const FLUSH_SHARE = 1 / 20

export interface RunWriterOptions {
  readonly sql: Sql
  readonly fence: Fence
  readonly ttlMs: number
  /** Between two flushes while there is something to write: at the beginning. */
  readonly flushMs: number
  /** The same, of an attempt that has gone on for long. */
  readonly flushMsMax: number
  /** Monotonic milliseconds from before the claim was sent. */
  readonly claimedAt: number
  readonly now: () => number
  /** A write did not succeed; it is repeated. */
  readonly onFailure: (error: unknown) => void
  readonly onStopRequested: (reason: 'cancel' | 'pause') => void
  /** The lease is gone, or may be: nothing may be written or stored any more. Called once. */
  readonly onLost: (why: string) => void
  /** A replayed step has other bits than the first time. */
  readonly onDifference: (difference: NonNullable<FlushResult['firstDifference']>) => void
}

type Progress = NonNullable<FlushInput['progress']>

export class RunWriter {
  /** Set when another fingerprint goes on with the run: its points take the place of the old ones. */
  onDifference: NonNullable<FlushInput['onDifference']> = 'keep'
  readonly #options: RunWriterOptions
  #points: MetricPoint[] = []
  #events: IdentifiedEvent[] = []
  #progress: Progress | undefined
  #renewedAt: number
  #flushedAt: number
  #timer: NodeJS.Timeout | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #isQueued = false
  #isOver = false

  constructor(options: RunWriterOptions) {
    this.#options = options
    this.#renewedAt = options.claimedAt
    this.#flushedAt = Number.NEGATIVE_INFINITY
    this.#schedule()
  }

  /** False from the moment on at which another worker might hold the run. */
  get isHeld(): boolean {
    return !this.#isOver && this.#options.now() - this.#renewedAt < SELF_FENCING_SHARE * this.#options.ttlMs
  }

  add(input: { readonly points?: readonly MetricPoint[]; readonly progress?: Progress; readonly event?: NewEvent }): void {
    if (input.points !== undefined) this.#points.push(...input.points)
    if (input.event !== undefined) this.#events.push({ ...input.event, id: newUuid() })
    if (input.progress !== undefined) this.#progress = input.progress
    this.#schedule()
  }

  /** Flush soon, whatever there is: somebody may have asked for a stop. */
  poke(): void {
    this.#flushedAt = Number.NEGATIVE_INFINITY
    this.#schedule()
  }

  /** Writes all that is pending, then does `write`. Repeats both while the database does not answer and the lease is held. */
  async write<T>(write: (sql: Sql, fence: Fence) => Promise<T>): Promise<T | null> {
    return await this.#inTurn(async () => {
      while (this.isHeld) {
        try {
          if (this.#hasPending && !(await this.#flush())) return null
          return await write(this.#options.sql, this.#options.fence)
        } catch (error) {
          this.#options.onFailure(error)
          await new Promise((resolve) => setTimeout(resolve, this.#options.flushMs))
        }
      }
      this.#lose('the lease could not be renewed in time')
      return null
    })
  }

  /** No further flush begins. */
  close(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }

  get #hasPending(): boolean {
    return this.#points.length > 0 || this.#events.length > 0 || this.#progress !== undefined
  }

  #schedule(): void {
    if (this.#isOver || this.#isQueued) return
    const { flushMs, flushMsMax, claimedAt, ttlMs, now } = this.#options
    const rhythm = Math.min(flushMsMax, Math.max(flushMs, FLUSH_SHARE * (now() - claimedAt)))
    const pause = this.#hasPending ? rhythm : Math.min(2 * rhythm, ttlMs / 4)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, this.#flushedAt + pause - now()))
  }

  #tick(): void {
    if (!this.isHeld) {
      this.#lose('the lease could not be renewed in time')
      return
    }
    this.#isQueued = true
    const { onFailure, flushMs, now } = this.#options
    const flushed = this.#inTurn(() => this.#flush())
    // A statement may hang; the decision to stop does not wait for it.
    const watch = setInterval(() => {
      if (!this.isHeld) this.#lose('the lease could not be renewed in time')
    }, flushMs)
    flushed
      .catch((error: unknown) => {
        this.#flushedAt = now()
        onFailure(error)
      })
      .finally(() => {
        clearInterval(watch)
        this.#isQueued = false
        this.#schedule()
      })
  }

  async #flush(): Promise<boolean> {
    if (this.#isOver) return false
    const { sql, fence, ttlMs, now, onStopRequested, onDifference } = this.#options
    const points = this.#points
    const events = this.#events
    const progress = this.#progress
    this.#points = []
    this.#events = []
    this.#progress = undefined
    const sentAt = now()
    let result: FlushResult | null
    try {
      const input = { ttlMs, points, events, onDifference: this.onDifference }
      result = await runFlush.flush(sql, fence, progress === undefined ? input : { ...input, progress })
    } catch (error) {
      this.#points = [...points, ...this.#points]
      this.#events = [...events, ...this.#events]
      this.#progress ??= progress
      throw error
    }
    this.#flushedAt = sentAt
    if (result === null) {
      this.#lose('another worker holds the run, or it has ended')
      return false
    }
    this.#renewedAt = sentAt
    if (result.cancelRequested) onStopRequested('cancel')
    else if (result.pauseRequested) onStopRequested('pause')
    if (result.firstDifference !== null && this.onDifference === 'keep') onDifference(result.firstDifference)
    return true
  }

  #lose(why: string): void {
    if (this.#isOver) return
    this.close()
    this.#options.onLost(why)
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work)
    this.#queue = turn.catch(() => {})
    return await turn
  }
}
