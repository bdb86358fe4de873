// A progress bar from what the API says about a job. On a terminal one line that changes; elsewhere a line now and then.

import type { Job } from '@trainyard/contracts'
import { formatSeconds } from './format.ts'

const BAR_WIDTH = 24
/** Milliseconds between two lines where the output is no terminal. */
const LINE_MS = 5000

export class ProgressBar {
  readonly #isTerminal = process.stdout.isTTY === true
  #writtenAt = Number.NEGATIVE_INFINITY
  #isOpen = false

  constructor(readonly title: string) {}

  /** For `waitForJob`. */
  readonly watch = (job: Job): void => {
    const now = performance.now()
    if (this.#isTerminal) process.stdout.write(`\r\x1b[2K${this.#line(job)}`)
    else if (now - this.#writtenAt > LINE_MS && !job.terminal) console.log(this.#line(job))
    else return
    this.#isOpen = this.#isTerminal
    this.#writtenAt = this.#isTerminal ? this.#writtenAt : now
  }

  /** Replaces the bar by its outcome. */
  finish(outcome: string): void {
    if (this.#isOpen) process.stdout.write('\r\x1b[2K')
    this.#isOpen = false
    console.log(`  ${this.title.padEnd(34)} ${outcome}`)
  }

  /** Leaves what stands there, for an error that follows. */
  abandon(): void {
    if (this.#isOpen) process.stdout.write('\n')
    this.#isOpen = false
  }

  #line({ state, progress, metrics }: Job): string {
    const { step, total_steps: total, epoch, total_epochs: epochs, samples_per_second: speed, eta_seconds: eta, phase } = progress
    const share = total === null || total === 0 ? 0 : Math.min(1, step / total)
    const filled = Math.round(share * BAR_WIDTH)
    const accuracy = metrics['eval/accuracy'] ?? metrics['train/accuracy']
    const parts = [
      `  ${this.title}  ${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${String(Math.round(share * 100)).padStart(3)} %`,
      epoch === null || epochs === null ? (phase ?? state) : `epoch ${Math.min(epochs, Math.floor(epoch) + 1)}/${epochs}`,
      metrics['train/loss'] === undefined ? null : `loss ${Number(metrics['train/loss']).toFixed(4)}`,
      accuracy === undefined ? null : `accuracy ${(Number(accuracy) * 100).toFixed(2)} %`,
      speed === null ? null : `${Math.round(speed).toLocaleString('en')} samples/s`,
      eta === null ? null : `ETA ${formatSeconds(eta)}`,
    ]
    return parts.filter((part) => part !== null).join('  ')
  }
}
