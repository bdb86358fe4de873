// The trainer's side of the line to its supervisor: messages in order, points gathered into progress reports, and the wish to stop.

import { setImmediate as turn } from 'node:timers/promises'
import type { MetricPoint, RunPhase, SupervisorMessage, TrainerMessage } from '@trainyard/contracts'

/** Milliseconds between two reports: half of the supervisor's rhythm, as a share of the time since the first one. */
const REPORT = { share: 1 / 40, msMin: 125, msMax: 500 } as const

export type StopReason = Extract<SupervisorMessage, { type: 'stop' }>['reason']

export interface ProgressReport {
  readonly phase: RunPhase
  readonly step: number
  readonly epoch: number
  readonly samplesPerSecond: number | null
}

export class Channel {
  #stop: StopReason | null = null
  #points: MetricPoint[] = []
  #firstReportAt: number | null = null
  #reportedAt = Number.NEGATIVE_INFINITY
  #unsent = 0

  /** Set when the supervisor wants an end: between two steps, whoever works should look. */
  get stopRequested(): StopReason | null {
    return this.#stop
  }

  requestStop(reason: StopReason): void {
    this.#stop ??= reason
  }

  send(message: TrainerMessage): void {
    this.#unsent++
    process.send?.(message, () => {
      this.#unsent--
    })
  }

  event(event: string, message: string): void {
    this.send({ type: 'event', event, message })
  }

  addPoints(points: readonly MetricPoint[]): void {
    this.#points.push(...points)
  }

  /** Sends a report when one is due, or now. */
  report({ phase, step, epoch, samplesPerSecond }: ProgressReport, { now = false } = {}): void {
    const time = performance.now()
    this.#firstReportAt ??= time
    const rhythm = Math.min(REPORT.msMax, Math.max(REPORT.msMin, REPORT.share * (time - this.#firstReportAt)))
    if (!now && time - this.#reportedAt < rhythm) return
    this.#reportedAt = time
    this.send({ type: 'progress', phase, step, epoch, samples_per_second: samplesPerSecond, points: this.#points })
    this.#points = []
  }

  /** One turn of the event loop: messages come and go. */
  async breathe(): Promise<void> {
    await turn()
  }

  /** Waits until everything is on its way. */
  async drain(): Promise<void> {
    while (this.#unsent > 0 && process.connected) await turn()
  }
}
