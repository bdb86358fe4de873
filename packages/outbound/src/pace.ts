// Whether a server sends fast enough: it may not hold a worker by a byte now and then.

export interface PaceLimits {
  /** Until an answer is there; and while its body is waited for, in each such time … */
  readonly windowMs: number
  /** … so many bytes have to come. */
  readonly windowBytes: number
  /** All of a file, the time included in which it is stored. */
  readonly totalMs: number
}

/** 1 KiB/s, as clients of the API have to send. */
export const PACE: PaceLimits = { windowMs: 60_000, windowBytes: 60 * 1024, totalMs: 24 * 3_600_000 }

/** Of one file, whatever number of connections it takes. */
export class Pace {
  readonly #limits: PaceLimits
  readonly #startedAt = performance.now()
  #waitedMs = 0
  #bytes = 0

  constructor(limits: PaceLimits) {
    this.#limits = limits
  }

  /** @returns what is wrong, if too few bytes have come in the time that they were waited for; null otherwise */
  problemAfter(waitedMs: number, bytes: number): string | null {
    const { windowMs, windowBytes, totalMs } = this.#limits
    this.#waitedMs += waitedMs
    this.#bytes += bytes
    if (performance.now() - this.#startedAt > totalMs) return `the file did not come within ${totalMs / 1000} s`
    if (this.#waitedMs < windowMs) return null
    if (this.#bytes < windowBytes) return `fewer than ${windowBytes} bytes came in ${windowMs / 1000} s`
    this.#waitedMs = 0
    this.#bytes = 0
    return null
  }
}
