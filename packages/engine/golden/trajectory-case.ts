// A network whose way through ten steps PyTorch has gone before.

import type { ModelSpecInput, TrainingConfigInput } from '@trainyard/engine/spec'

export const STEPS = 10
export const BATCH = 16

export interface TrajectoryCase {
  /** Prefix of its tensors in the file. */
  readonly name: string
  readonly learningRate: number
  readonly spec: ModelSpecInput
  /** Real rows of the last batch. Default: all. */
  readonly lastCount?: number
  /** Several losses at once; then `<name>.losses.<head>` are those of each. Default: softmax cross-entropy of the only output. */
  readonly heads?: TrainingConfigInput['heads']
  /** Our names → PyTorch's, where its names come from a module of its own for each layer. */
  readonly renamed?: Readonly<Record<string, string>>
}

export interface TrajectoryFamily {
  /** Beside this file. */
  readonly file: string
  readonly cases: readonly TrajectoryCase[]
}
