// How long a fault is felt: from its beginning until every run that trained at that time has made a further step, or ended, and the API
// answers. Seen past all proxies; one look at a time, however many faults are felt at once.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Stack } from './stack.ts'

const POLL_MS = 200
/** What takes longer counts as this. */
const GIVE_UP_MS = 120_000
const ANSWER_MS = 500

interface Position {
  readonly id: string
  readonly state: string
  readonly last_step: string
}

interface Felt {
  readonly begun: number
  /** Run → the step that it has to pass. */
  readonly waiting: Map<string, number>
  isAnswering: boolean
  readonly recovered: (ms: number) => void
}

export class RecoveryWatch {
  readonly #stack: Stack
  readonly #pool: Pool
  readonly #felt = new Set<Felt>()
  #isWatching = false

  constructor(stack: Stack, pool: Pool) {
    this.#stack = stack
    this.#pool = pool
  }

  /** @returns milliseconds; null when nothing trained, or the database could not be asked at the beginning */
  async measure(fault: () => Promise<void>): Promise<number | null> {
    const before = await this.#positions().catch(() => [])
    const begun = performance.now()
    const ended = fault()
    if (before.length === 0) {
      await ended
      return null
    }
    const waiting = new Map(before.map(({ id, last_step }) => [id, Number(last_step)]))
    const ms = await new Promise<number>((recovered) => {
      this.#felt.add({ begun, waiting, isAnswering: false, recovered })
      if (!this.#isWatching) void this.#watch()
    })
    await ended
    return ms
  }

  async #watch(): Promise<void> {
    this.#isWatching = true
    while (this.#felt.size > 0) {
      await sleep(POLL_MS)
      const ids = [...new Set([...this.#felt].flatMap(({ waiting }) => [...waiting.keys()]))]
      const [now, isAnswering] = await Promise.all([this.#positions(ids).catch(() => []), answers(this.#stack.direct.url)])
      for (const felt of this.#felt) this.#look(felt, now, isAnswering)
    }
    this.#isWatching = false
  }

  #look(felt: Felt, now: readonly Position[], isAnswering: boolean): void {
    felt.isAnswering ||= isAnswering
    for (const { id, state, last_step } of now) {
      const step = felt.waiting.get(id)
      const hasMoved = step !== undefined && Number(last_step) > step
      if (hasMoved || ['succeeded', 'failed', 'cancelled', 'paused'].includes(state)) felt.waiting.delete(id)
    }
    const ms = performance.now() - felt.begun
    if ((felt.waiting.size > 0 || !felt.isAnswering) && ms < GIVE_UP_MS) return
    this.#felt.delete(felt)
    felt.recovered(Math.min(ms, GIVE_UP_MS))
  }

  async #positions(ids?: readonly string[]): Promise<readonly Position[]> {
    const { rows } = await this.#pool.query<Position>(
      ids === undefined
        ? { text: "SELECT id, state, last_step FROM runs WHERE state = 'running'" }
        : { text: 'SELECT id, state, last_step FROM runs WHERE id = ANY($1::uuid[])', values: [ids] },
    )
    return rows
  }
}

async function answers(url: string): Promise<boolean> {
  return await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    (response) => response.ok,
    () => false,
  )
}
