// Keeps one trainer forked and loaded, so that a run's first step does not wait for a process to start. A trainer serves one run.

import { forkTrainer, type Trainer, type TrainerOptions } from './trainer-process.ts'

export interface TrainerPoolOptions extends Omit<TrainerOptions, 'environment'> {
  /** Threads that a run gets unless it asks for fewer. */
  readonly threads: number
  /** The environment of a trainer with that many threads. */
  readonly environment: (threads: number) => Readonly<Record<string, string>>
}

export class TrainerPool {
  readonly #options: TrainerPoolOptions
  readonly #alive = new Set<Trainer>()
  #warm: Trainer | null = null
  #isClosed = false

  constructor(options: TrainerPoolOptions) {
    this.#options = options
  }

  /** Forks the reserve if there is none. */
  refill(): void {
    if (this.#isClosed || (this.#warm !== null && !this.#warm.hasExited)) return
    this.#warm = this.#fork(this.#options.threads)
  }

  /** A trainer that is ready. The reserve where it fits: OpenMP reads its number of threads when it is loaded. */
  async take(threads: number): Promise<Trainer> {
    const warm = this.#warm
    if (warm !== null && !warm.hasExited && threads === this.#options.threads) {
      this.#warm = null
      await warm.ready
      return warm
    }
    const cold = this.#fork(threads)
    await cold.ready
    return cold
  }

  /** Kills all of them. */
  async close(): Promise<void> {
    this.#isClosed = true
    const all = [...this.#alive]
    for (const trainer of all) trainer.kill()
    await Promise.all(all.map((trainer) => trainer.exited))
  }

  #fork(threads: number): Trainer {
    if (this.#isClosed) throw new Error('the trainer pool is closed')
    const trainer = forkTrainer({ ...this.#options, environment: this.#options.environment(threads) })
    this.#alive.add(trainer)
    void trainer.exited.then(() => this.#alive.delete(trainer))
    return trainer
  }
}
