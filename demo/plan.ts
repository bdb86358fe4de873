// How much the demo trains: constants, so that no run is stopped or picked by its test accuracy. They were settled while the demo was written,
// by runs whose test curves were seen; take the accuracies as a demonstration, not as a benchmark.

export interface DemoPlan {
  readonly digits: Readonly<Record<string, unknown>>
  /** For both runs of the comparison: the same rows, the same number of steps. */
  readonly fashion: Readonly<Record<string, unknown>>
  /** What the digits must reach; null where the budget is too small for a promise. */
  readonly digitsAccuracyMin: number | null
  readonly trainingImages: number
}

const TRAINING_IMAGES = 1000
const ADAM = { type: 'adam', learning_rate: 0.001 }

const fashion = (epochs: number) => ({ epochs, batch_size: 32, seed: 1, sample_limit: TRAINING_IMAGES, optimizer: ADAM })

/** With oneDNN. */
export const FULL: DemoPlan = {
  digits: { epochs: 12, batch_size: 128, seed: 1, optimizer: ADAM },
  fashion: fashion(5),
  digitsAccuracyMin: 0.988,
  trainingImages: TRAINING_IMAGES,
}

/** With the reference backend, or on request: a tenth of the digits. */
export const SMALL: DemoPlan = {
  digits: { epochs: 3, batch_size: 64, seed: 1, sample_limit: 6000, optimizer: ADAM },
  fashion: fashion(3),
  digitsAccuracyMin: null,
  trainingImages: TRAINING_IMAGES,
}
