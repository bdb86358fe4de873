// Keeps one trainer forked and loaded, so that a run's first step does not wait for a process to start. A trainer serves one run.

import { forkTrainer, type Trainer, type TrainerOptions } from './trainer-process.ts'

/** Loading takes under a second; on a machine that is very busy, several. */
const READY_MS_MAX = 60_000

export class TrainerPool {
  readonly #options: TrainerOptions
  readonly #alive = new Set<Trainer>()
  #warm: Trainer | null = null
  #isClosed = false

  constructor(options: TrainerOptions) {
    this.#options = options
  }

  /** Forks the reserve if there is none. */
  refill(): void {
    if (this.#isClosed || (this.#warm !== null && !this.#warm.hasExited)) return
    this.#warm = this.#fork()
  }

  /**
   * A trainer that is ready: the reserve, if there is one.
   * @throws Error when it does not get ready in time
   */
  async take(): Promise<Trainer> {
    const warm = this.#warm
    this.#warm = null
    const trainer = warm !== null && !warm.hasExited ? warm : this.#fork()
    const timer = setTimeout(() => trainer.kill(), READY_MS_MAX)
    try {
      await trainer.ready
      return trainer
    } finally {
      clearTimeout(timer)
    }
  }

  /** Kills all of them. */
  async close(): Promise<void> {
    this.#isClosed = true
    const all = [...this.#alive]
    for (const trainer of all) trainer.kill()
    await Promise.all(all.map((trainer) => trainer.exited))
  }

  #fork(): Trainer {
    if (this.#isClosed) throw new Error('the trainer pool is closed')
    const trainer = forkTrainer(this.#options)
    this.#alive.add(trainer)
    void trainer.exited.then(() => this.#alive.delete(trainer))
    return trainer
  }
}
