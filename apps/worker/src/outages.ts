// Says once that PostgreSQL or the queue is away, and once that it is back. Meanwhile everybody who needs it fails again and again, which is
// counted and not told.

import type { Logger } from 'pino'

export interface OutagesOptions {
  /** Milliseconds between two looks at a part that is away. Default 500. */
  readonly lookMs?: number
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly log: Logger
}

type Check = () => Promise<void>

/** For an answer; what takes longer counts as none. */
const ANSWER_MS = 2_000

export class Outages {
  readonly #options: OutagesOptions
  readonly #checks = new Map<string, Check>()
  /** Part → since when it is away. */
  readonly #away = new Map<string, number>()
  /** A check that hangs is not asked again. */
  readonly #asked = new Map<string, Promise<string | null>>()
  #failures = 0
  #first: { readonly error: unknown; readonly at: number } | null = null
  #isLooking = false
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: OutagesOptions) {
    this.#options = options
  }

  /** @param check resolves when the part answers */
  watch(part: string, check: Check): void {
    this.#checks.set(part, check)
  }

  /** A call failed; whoever made it tries again. */
  report(error: unknown): void {
    this.#failures++
    this.#first ??= { error, at: this.#options.now() }
    if (!this.#isLooking && !this.#isClosed) void this.#look()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    const problems = await Promise.all([...this.#checks].map(async ([part, check]) => [part, await this.#ask(part, check)] as const))
    if (this.#isClosed) return
    const { log, now, lookMs = 500 } = this.#options
    for (const [part, problem] of problems) {
      const since = this.#away.get(part)
      if (problem !== null && since === undefined) {
        this.#away.set(part, this.#first?.at ?? now())
        log.warn(`${part} does not answer: ${problem}. Everything that needs it is tried again until it does.`)
      }
      if (problem === null && since !== undefined) {
        this.#away.delete(part)
        log.warn(`${part} answers again, after ${((now() - since) / 1000).toFixed(1)} s in which ${this.#failures} calls failed.`)
        this.#forget()
      }
    }
    if (this.#away.size > 0) {
      this.#timer = setTimeout(() => void this.#look(), lookMs)
      return
    }
    this.#isLooking = false
    // Both answer: it was this call, or an outage that is over already.
    if (this.#first !== null) log.warn({ error: this.#first.error, failures: this.#failures }, 'a call failed; it is made again')
    this.#forget()
  }

  #forget(): void {
    this.#failures = 0
    this.#first = null
  }

  /** @returns why it does not answer, or null */
  async #ask(part: string, check: Check): Promise<string | null> {
    const pending =
      this.#asked.get(part) ??
      check()
        .then(
          () => null,
          (error: unknown) => (error instanceof Error ? describe(error) : String(error)),
        )
        .finally(() => this.#asked.delete(part))
    this.#asked.set(part, pending)
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`no answer within ${ANSWER_MS / 1000} s`), ANSWER_MS)
    })
    return await Promise.race([pending, timeout]).finally(() => clearTimeout(timer))
  }
}

/** Errors of connections to several addresses have no message of their own. */
function describe(error: Error): string {
  if (error.message !== '' || !(error instanceof AggregateError)) return error.message
  return error.errors.map((inner: unknown) => (inner instanceof Error ? inner.message : String(inner))).join('; ')
}
