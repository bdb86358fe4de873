// Two sides that compute in turns on one machine: one is stopped while the other goes on. What else the machine does then falls on both alike, and a
// difference of a few percent shows that two runs, one after the other, would not.

import { setTimeout as sleep } from 'node:timers/promises'

/** Short beside the time in which a shared machine grows faster or slower. */
const TURN_MS = 1000

export interface Side {
  /** Its processes at this moment. */
  pids(): readonly number[]
}

export class Turns {
  readonly #sides: readonly [Side, Side]
  readonly #pauses: { readonly side: 0 | 1; readonly from: number; readonly to: number }[] = []
  #isOver = false

  constructor(sides: readonly [Side, Side]) {
    this.#sides = sides
  }

  /** Milliseconds for which a side was stopped, in pauses that began before `until`, milliseconds of Date. */
  pausedMs(side: 0 | 1, until: number): number {
    return this.#pauses.filter((pause) => pause.side === side && pause.from < until).reduce((sum, { from, to }) => sum + to - from, 0)
  }

  /** The first side begins. Resolves after `end`, when both go on. */
  async take(): Promise<void> {
    for (let waiting: 0 | 1 = 1; !this.#isOver; waiting = waiting === 0 ? 1 : 0) {
      const from = Date.now()
      const pids = signal(this.#sides[waiting].pids(), 'SIGSTOP')
      await sleep(TURN_MS)
      signal(pids, 'SIGCONT')
      this.#pauses.push({ side: waiting, from, to: Date.now() })
    }
  }

  /** As soon as one side has ended: the other needs no turns any more. */
  end(): void {
    this.#isOver = true
  }
}

/** @returns those that are there */
function signal(pids: readonly number[], name: NodeJS.Signals): readonly number[] {
  return pids.filter((pid) => {
    try {
      return process.kill(pid, name)
    } catch {
      return false
    }
  })
}
