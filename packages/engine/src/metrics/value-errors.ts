// Errors of predicted numbers, in one pass: sums per output, and the deviation of the targets by Welford's method (Welford 1962).

export class ValueErrors {
  #rows = 0
  readonly #squared: Float64Array
  readonly #absolute: Float64Array
  readonly #mean: Float64Array
  /** Σ (target − mean)² so far. */
  readonly #deviation: Float64Array

  constructor(readonly outputs: number) {
    this.#squared = new Float64Array(outputs)
    this.#absolute = new Float64Array(outputs)
    this.#mean = new Float64Array(outputs)
    this.#deviation = new Float64Array(outputs)
  }

  /** Row-major arrays of at least `rows` rows. */
  add(predictions: ArrayLike<number>, targets: ArrayLike<number>, rows: number): void {
    const { outputs } = this
    for (let n = 0; n < rows; n++) {
      this.#rows++
      for (let k = 0; k < outputs; k++) {
        const target = targets[n * outputs + k] ?? Number.NaN
        const error = (predictions[n * outputs + k] ?? Number.NaN) - target
        this.#squared[k] = (this.#squared[k] ?? 0) + error * error
        this.#absolute[k] = (this.#absolute[k] ?? 0) + Math.abs(error)
        const mean = this.#mean[k] ?? 0
        const next = mean + (target - mean) / this.#rows
        this.#mean[k] = next
        this.#deviation[k] = (this.#deviation[k] ?? 0) + (target - mean) * (target - next)
      }
    }
  }

  get mse(): number {
    return sum(this.#squared) / (this.#rows * this.outputs)
  }

  get mae(): number {
    return sum(this.#absolute) / (this.#rows * this.outputs)
  }

  /** Mean over the outputs of 1 − Σ(prediction − target)² / Σ(target − mean)². An output whose targets are all equal counts 1 where it is met, else 0. */
  get r2(): number {
    let total = 0
    for (let k = 0; k < this.outputs; k++) {
      const [residual = 0, deviation = 0] = [this.#squared[k], this.#deviation[k]]
      total += deviation === 0 ? (residual === 0 ? 1 : 0) : 1 - residual / deviation
    }
    return total / this.outputs
  }
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
