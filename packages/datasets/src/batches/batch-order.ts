// Which rows are in which batch: a pure function of seed, epoch and step, so that a resumed run goes on with the very next batch.

import { permutation, subset } from '@trainyard/engine/random'

export interface OrderOptions {
  /** Rows of the split. */
  readonly rows: number
  readonly batchSize: number
  readonly seed: number
  readonly shuffle: boolean
  /** Train on that many rows only, drawn by the seed. */
  readonly sampleLimit: number | null
  /** Leave out a last batch that is not full. */
  readonly dropLast: boolean
}

export class BatchOrder {
  /** Rows that take part; with `dropLast`, not all of them in every epoch. */
  readonly rows: number
  readonly stepsPerEpoch: number
  readonly #options: OrderOptions
  readonly #subset: Uint32Array | null
  #epoch = -1
  #order: Uint32Array | null = null

  constructor(options: OrderOptions) {
    const { rows, sampleLimit, seed, batchSize, dropLast } = options
    this.#options = options
    this.#subset = sampleLimit === null || sampleLimit >= rows ? null : subset(seed, rows, sampleLimit)
    this.rows = this.#subset?.length ?? rows
    this.stepsPerEpoch = dropLast ? Math.floor(this.rows / batchSize) : Math.ceil(this.rows / batchSize)
  }

  /** The epoch's rows in order; null for the stored order. Kept until another epoch is asked for. */
  epoch(epoch: number): Uint32Array | null {
    if (epoch === this.#epoch) return this.#order
    this.#epoch = epoch
    const chosen = this.#subset
    if (!this.#options.shuffle) this.#order = chosen
    else {
      const shuffled = permutation(this.#options.seed, epoch, this.rows)
      this.#order = chosen === null ? shuffled : shuffled.map((i) => chosen[i] ?? 0)
    }
    return this.#order
  }
}
