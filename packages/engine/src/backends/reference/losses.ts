// Kernels of losses, probabilities and counts. Rows past `count` are padding and never looked at.

import type { OpAttributes } from '../../ops/index.ts'
import type { RealArray } from '../backend.ts'
import type { Kernel } from './kernel.ts'

/** Writes e^(x − m) of one row and returns their sum, m being the row's maximum, so that nothing overflows. May work in place. */
function exponentials(x: RealArray, y: RealArray, start: number, C: number): number {
  const m = rowMaximum(x, start, C)
  let sum = 0
  for (let i = start; i < start + C; i++) {
    const value = Math.exp(x[i]! - m)
    y[i] = value
    sum += value
  }
  return sum
}

function rowMaximum(x: RealArray, start: number, C: number): number {
  let maximum = x[start]!
  for (let i = start + 1; i < start + C; i++) if (x[i]! > maximum) maximum = x[i]!
  return maximum
}

export const softmax: Kernel<OpAttributes<'softmax'>> = {
  bind({ inputs, outputs }) {
    const [N, C] = inputs[0]!.shape as [number, number]
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    return () => {
      for (let n = 0; n < N; n++) {
        const sum = exponentials(x, y, n * C, C)
        for (let i = n * C; i < (n + 1) * C; i++) y[i]! /= sum
      }
    }
  },
}

/** dx = y · (dy − Σ_k dy · y) */
export const softmaxBackward: Kernel<OpAttributes<'softmax_backward'>> = {
  bind({ inputs, outputs }) {
    const [N, C] = inputs[0]!.shape as [number, number]
    const dy = inputs[0]!.values
    const y = inputs[1]!.values
    const dx = outputs[0]!.values
    return () => {
      for (let n = 0; n < N; n++) {
        let sum = 0
        for (let i = n * C; i < (n + 1) * C; i++) sum += dy[i]! * y[i]!
        for (let i = n * C; i < (n + 1) * C; i++) dx[i] = y[i]! * (dy[i]! - sum)
      }
    }
  },
}

/** loss = 1/count · Σ_{n<count} (m + ln Σ_c e^(logits − m) − logits[label]) */
export const softmaxCrossEntropy: Kernel<OpAttributes<'softmax_cross_entropy'>> = {
  bind({ inputs, outputs }) {
    const C = inputs[0]!.shape[1]!
    const logits = inputs[0]!.values
    const labels = inputs[1]!.indices
    const count = inputs[2]!.values
    const loss = outputs[0]!.values
    return () => {
      const rows = count[0]!
      let total = 0
      for (let n = 0; n < rows; n++) {
        const start = n * C
        const m = rowMaximum(logits, start, C)
        let sum = 0
        for (let i = start; i < start + C; i++) sum += Math.exp(logits[i]! - m)
        total += m + Math.log(sum) - logits[start + labels[n]!]!
      }
      loss[0] = total / rows
    }
  },
}

/** dLogits = dLoss / count · (softmax(logits) − onehot(label)) */
export const softmaxCrossEntropyBackward: Kernel<OpAttributes<'softmax_cross_entropy_backward'>> = {
  bind({ inputs, outputs }) {
    const [N, C] = inputs[1]!.shape as [number, number]
    const dLoss = inputs[0]!.values
    const logits = inputs[1]!.values
    const labels = inputs[2]!.indices
    const count = inputs[3]!.values
    const dLogits = outputs[0]!.values
    return () => {
      const rows = count[0]!
      const scale = dLoss[0]! / rows
      for (let n = 0; n < rows; n++) {
        const start = n * C
        const factor = scale / exponentials(logits, dLogits, start, C)
        for (let i = start; i < start + C; i++) dLogits[i]! *= factor
        dLogits[start + labels[n]!]! -= scale
      }
      for (let i = rows * C; i < N * C; i++) dLogits[i] = 0
    }
  },
}

/** correct = Σ_{n<count} [argmax logits[n] = label[n]] */
export const correctCount: Kernel<OpAttributes<'correct_count'>> = {
  bind({ inputs, outputs }) {
    const C = inputs[0]!.shape[1]!
    const logits = inputs[0]!.values
    const labels = inputs[1]!.indices
    const count = inputs[2]!.values
    const correct = outputs[0]!.values
    return () => {
      const rows = count[0]!
      let total = 0
      for (let n = 0; n < rows; n++) {
        let best = 0
        for (let c = 1; c < C; c++) if (logits[n * C + c]! > logits[n * C + best]!) best = c
        if (best === labels[n]!) total++
      }
      correct[0] = total
    }
  },
}

/** 1/(count·K) for mean, ½/count for half_sum */
function squaredErrorFactor({ reduction }: OpAttributes<'squared_error'>, rows: number, K: number): number {
  return reduction === 'mean' ? 1 / (rows * K) : 0.5 / rows
}

/** loss = factor · Σ_{n<count, k} (prediction − target)² */
export const squaredError: Kernel<OpAttributes<'squared_error'>> = {
  bind({ inputs, outputs }, attributes) {
    const K = inputs[0]!.shape[1]!
    const prediction = inputs[0]!.values
    const target = inputs[1]!.values
    const count = inputs[2]!.values
    const loss = outputs[0]!.values
    return () => {
      const rows = count[0]!
      let total = 0
      for (let i = 0; i < rows * K; i++) {
        const error = prediction[i]! - target[i]!
        total += error * error
      }
      loss[0] = total * squaredErrorFactor(attributes, rows, K)
    }
  },
}

/** dPrediction = dLoss · 2 · factor · (prediction − target) */
export const squaredErrorBackward: Kernel<OpAttributes<'squared_error_backward'>> = {
  bind({ inputs, outputs }, attributes) {
    const [N, K] = inputs[1]!.shape as [number, number]
    const dLoss = inputs[0]!.values
    const prediction = inputs[1]!.values
    const target = inputs[2]!.values
    const count = inputs[3]!.values
    const dPrediction = outputs[0]!.values
    return () => {
      const rows = count[0]!
      const scale = dLoss[0]! * 2 * squaredErrorFactor(attributes, rows, K)
      for (let i = 0; i < rows * K; i++) dPrediction[i] = scale * (prediction[i]! - target[i]!)
      for (let i = rows * K; i < N * K; i++) dPrediction[i] = 0
    }
  },
}
