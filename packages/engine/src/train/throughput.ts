// Samples per second, over the whole and over the last moment. Time is passed in.

/** Milliseconds that the "last moment" spans at least. */
const WINDOW_MS = 1000

export class Throughput {
  #samples = 0
  #ms = 0
  #windowSamples = 0
  #windowMs = 0
  #recent: number | null = null

  add(samples: number, ms: number): void {
    this.#samples += samples
    this.#ms += ms
    this.#windowSamples += samples
    this.#windowMs += ms
    if (this.#windowMs < WINDOW_MS) return
    this.#recent = perSecond(this.#windowSamples, this.#windowMs)
    this.#windowSamples = 0
    this.#windowMs = 0
  }

  /** Over all that was added; 0 before anything was. */
  get overall(): number {
    return perSecond(this.#samples, this.#ms) ?? 0
  }

  /** Over the last full second; until there was one, over all; null before anything was measured. */
  get recent(): number | null {
    return this.#recent ?? perSecond(this.#samples, this.#ms)
  }
}

function perSecond(samples: number, ms: number): number | null {
  return ms > 0 ? (samples * 1000) / ms : null
}
