// Keeps one trainer forked and loaded, so that a run's first step does not wait for a process to start. A trainer serves one run.

import { forkTrainer, type Trainer, type TrainerOptions } from './trainer-process.ts'

/** Loading takes under a second; on a machine that is very busy, several. */
const READY_MS_MAX = 60_000

export class TrainerPool {
  readonly #options: TrainerOptions
  readonly #alive = new Set<Trainer>()
  #warm: Trainer | null = null
  #isClosed = false
  #isKnown = false

  constructor(options: TrainerOptions) {
    this.#options = options
  }

  /** Forks the reserve if there is none. */
  refill(): void {
    if (this.#isClosed || (this.#warm !== null && !this.#warm.hasExited)) return
    try {
      this.#warm = this.#fork()
    } catch (error) {
      // The next run tries again, and hears why.
      this.#options.log.warn({ error }, 'no trainer could be forked in reserve')
    }
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
    } catch (error) {
      await trainer.directory.remove()
      throw error
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
    void trainer.exited.then(async () => {
      this.#alive.delete(trainer)
      // Never taken.
      if (this.#warm === trainer) await trainer.directory.remove()
    })
    trainer.ready.then(
      () => this.#tellConfinement(trainer),
      () => {},
    )
    return trainer
  }

  #tellConfinement({ confinement }: Trainer): void {
    if (this.#isKnown) return
    this.#isKnown = true
    const { log } = this.#options
    if (Object.values(confinement ?? {}).includes('none')) log.warn({ confinement }, 'trainers are not fully confined here')
    else log.info({ confinement }, 'trainers are confined')
  }
}
