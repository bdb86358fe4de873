// Means of a head's loss and hits over batches.

import { SCALARS } from './session.ts'

/** What has gathered; every number survives JSON exactly. */
export interface LossSums {
  readonly weight: number
  readonly lossSum: number
  readonly correct: number
}

export const NO_LOSS: LossSums = { weight: 0, lossSum: 0, correct: 0 }

export class LossMean {
  #weight: number
  #lossSum: number
  #correct: number

  constructor({ weight, lossSum, correct }: LossSums = NO_LOSS) {
    this.#weight = weight
    this.#lossSum = lossSum
    this.#correct = correct
  }

  /** @param scalars of a session */
  add(scalars: Float64Array, head: number): void {
    const weight = scalars[SCALARS * head + 2] ?? 0
    this.#weight += weight
    this.#lossSum += (scalars[SCALARS * head] ?? Number.NaN) * weight
    const correct = scalars[SCALARS * head + 1] ?? Number.NaN
    // Where nothing is right or wrong, nothing is counted.
    if (!Number.isNaN(correct)) this.#correct += correct
  }

  /** Of the loss, weighted as each batch weighs it. */
  get value(): number {
    return this.#lossSum / this.#weight
  }

  /** Rows that were right. */
  get correct(): number {
    return this.#correct
  }

  get sums(): LossSums {
    return { weight: this.#weight, lossSum: this.#lossSum, correct: this.#correct }
  }

  reset(): void {
    this.#weight = 0
    this.#lossSum = 0
    this.#correct = 0
  }
}

/** The objective: Σ weight · loss. Of one head with the weight 1 the loss itself, bit by bit. */
export function weightedSum(losses: readonly { readonly weight: number; readonly loss: number }[]): number {
  return losses.reduce((sum, { weight, loss }) => sum + weight * loss, 0)
}
