// Kernels of losses, probabilities and counts. Rows past `count` are padding and never looked at.

import { type OpAttributes, POINTWISE_LOSS_FUNCTIONS } from '../../ops/index.ts'
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

/** w: the weights of the classes, Σ w[labels[n]] over the rows, and the parts of v = w · ((1 − ε)·onehot + ε/C). */
function crossEntropyWeights({ labelSmoothing, classWeights }: OpAttributes<'softmax_cross_entropy'>, C: number) {
  const weights = classWeights === null ? new Float64Array(C).fill(1) : Float64Array.from(classWeights)
  const share = labelSmoothing / C
  return {
    weights,
    /** Of the label in v, beside its share. */
    own: 1 - labelSmoothing,
    /** Of every class in v. */
    share,
    /** Part of Σ_c v that is equal in all rows. */
    spread: share * weights.reduce((sum, weight) => sum + weight, 0),
    total(labels: Int32Array, rows: number): number {
      let sum = 0
      for (let n = 0; n < rows; n++) sum += weights[labels[n]!]!
      return sum
    },
  }
}

/** loss = 1/Σ w[label] · Σ_{n<count, c} v[n,c] · (m + ln Σ_k e^(logits − m) − logits[n,c]) */
export const softmaxCrossEntropy: Kernel<OpAttributes<'softmax_cross_entropy'>> = {
  bind({ inputs, outputs }, attributes) {
    const C = inputs[0]!.shape[1]!
    const logits = inputs[0]!.values
    const labels = inputs[1]!.indices
    const count = inputs[2]!.values
    const loss = outputs[0]!.values
    const { weights, own, share, spread, total } = crossEntropyWeights(attributes, C)
    return () => {
      const rows = count[0]!
      let sum = 0
      for (let n = 0; n < rows; n++) {
        const start = n * C
        const label = labels[n]!
        const m = rowMaximum(logits, start, C)
        let exponents = 0
        for (let i = start; i < start + C; i++) exponents += Math.exp(logits[i]! - m)
        const normalizer = m + Math.log(exponents)
        sum += own * weights[label]! * (normalizer - logits[start + label]!)
        if (share === 0) continue
        sum += spread * normalizer
        for (let c = 0; c < C; c++) sum -= share * weights[c]! * logits[start + c]!
      }
      loss[0] = sum / total(labels, rows)
    }
  },
}

/** dLogits = dLoss / Σ w[label] · (softmax(logits) · Σ_k v[n,k] − v[n,c]) */
export const softmaxCrossEntropyBackward: Kernel<OpAttributes<'softmax_cross_entropy_backward'>> = {
  bind({ inputs, outputs }, attributes) {
    const [N, C] = inputs[1]!.shape as [number, number]
    const dLoss = inputs[0]!.values
    const logits = inputs[1]!.values
    const labels = inputs[2]!.indices
    const count = inputs[3]!.values
    const dLogits = outputs[0]!.values
    const { weights, own, share, spread, total } = crossEntropyWeights(attributes, C)
    return () => {
      const rows = count[0]!
      const scale = dLoss[0]! / total(labels, rows)
      for (let n = 0; n < rows; n++) {
        const start = n * C
        const label = labels[n]!
        const mass = own * weights[label]! + spread
        const factor = (scale * mass) / exponentials(logits, dLogits, start, C)
        for (let i = start; i < start + C; i++) dLogits[i]! *= factor
        dLogits[start + label]! -= scale * own * weights[label]!
        if (share === 0) continue
        for (let c = 0; c < C; c++) dLogits[start + c]! -= scale * share * weights[c]!
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

/** correct = Σ_{n<count} Π_k [(logits > 0) = (target > ½)] */
export const binaryCorrectCount: Kernel<OpAttributes<'binary_correct_count'>> = {
  bind({ inputs, outputs }) {
    const K = inputs[0]!.shape[1]!
    const logits = inputs[0]!.values
    const target = inputs[1]!.values
    const count = inputs[2]!.values
    const correct = outputs[0]!.values
    return () => {
      const rows = count[0]!
      let total = 0
      for (let n = 0; n < rows; n++) {
        let isRight = 1
        for (let i = n * K; i < (n + 1) * K; i++) if (logits[i]! > 0 !== target[i]! > 0.5) isRight = 0
        total += isRight
      }
      correct[0] = total
    }
  },
}

/** 1/(count·K) for mean, ½/count for half_sum */
function pointwiseFactor({ reduction }: OpAttributes<'pointwise_loss'>, rows: number, K: number): number {
  return reduction === 'mean' ? 1 / (rows * K) : 0.5 / rows
}

/** loss = factor · Σ_{n<count, k} f(output, target) */
export const pointwiseLoss: Kernel<OpAttributes<'pointwise_loss'>> = {
  bind({ inputs, outputs }, attributes) {
    const output = inputs[0]!.values
    const K = output.length / inputs[0]!.shape[0]!
    const target = inputs[1]!.values
    const count = inputs[2]!.values
    const loss = outputs[0]!.values
    const { f } = POINTWISE_LOSS_FUNCTIONS[attributes.loss]
    const { parameter } = attributes
    return () => {
      const rows = count[0]!
      let total = 0
      for (let i = 0; i < rows * K; i++) total += f(output[i]!, target[i]!, parameter)
      loss[0] = total * pointwiseFactor(attributes, rows, K)
    }
  },
}

/** dOutput = dLoss · factor · ∂f/∂output */
export const pointwiseLossBackward: Kernel<OpAttributes<'pointwise_loss_backward'>> = {
  bind({ inputs, outputs }, attributes) {
    const dLoss = inputs[0]!.values
    const output = inputs[1]!.values
    const K = output.length / inputs[1]!.shape[0]!
    const target = inputs[2]!.values
    const count = inputs[3]!.values
    const dOutput = outputs[0]!.values
    const { derivative } = POINTWISE_LOSS_FUNCTIONS[attributes.loss]
    const { parameter } = attributes
    return () => {
      const rows = count[0]!
      const scale = dLoss[0]! * pointwiseFactor(attributes, rows, K)
      for (let i = 0; i < rows * K; i++) dOutput[i] = scale * derivative(output[i]!, target[i]!, parameter)
      for (let i = rows * K; i < output.length; i++) dOutput[i] = 0
    }
  },
}

/** loss = 1/(count·C) · Σ_{n<count} Σ_{c≠label} max(0, margin − scores[label] + scores[c]) */
export const multiClassHinge: Kernel<OpAttributes<'multi_class_hinge'>> = {
  bind({ inputs, outputs }, { margin }) {
    const C = inputs[0]!.shape[1]!
    const scores = inputs[0]!.values
    const labels = inputs[1]!.indices
    const count = inputs[2]!.values
    const loss = outputs[0]!.values
    return () => {
      const rows = count[0]!
      let total = 0
      for (let n = 0; n < rows; n++) {
        const right = n * C + labels[n]!
        for (let i = n * C; i < (n + 1) * C; i++) if (i !== right) total += Math.max(0, margin - scores[right]! + scores[i]!)
      }
      loss[0] = total / (rows * C)
    }
  },
}

/** dScores[c] = dLoss/(count·C) · [margin − scores[label] + scores[c] > 0]; dScores[label] = −Σ_{c≠label} dScores[c] */
export const multiClassHingeBackward: Kernel<OpAttributes<'multi_class_hinge_backward'>> = {
  bind({ inputs, outputs }, { margin }) {
    const [N, C] = inputs[1]!.shape as [number, number]
    const dLoss = inputs[0]!.values
    const scores = inputs[1]!.values
    const labels = inputs[2]!.indices
    const count = inputs[3]!.values
    const dScores = outputs[0]!.values
    return () => {
      const rows = count[0]!
      const scale = dLoss[0]! / (rows * C)
      for (let n = 0; n < rows; n++) {
        const right = n * C + labels[n]!
        let active = 0
        for (let i = n * C; i < (n + 1) * C; i++) {
          const isActive = i !== right && margin - scores[right]! + scores[i]! > 0
          dScores[i] = isActive ? scale : 0
          if (isActive) active++
        }
        dScores[right] = -active * scale
      }
      for (let i = rows * C; i < N * C; i++) dScores[i] = 0
    }
  },
}

/** loss = 1/count · Σ_{n<count, c} target · (ln target − ln softmax(logits)); 0 where target is 0 */
export const klDivergence: Kernel<OpAttributes<'kl_divergence'>> = {
  bind({ inputs, outputs }) {
    const C = inputs[0]!.shape[1]!
    const logits = inputs[0]!.values
    const target = inputs[1]!.values
    const count = inputs[2]!.values
    const loss = outputs[0]!.values
    return () => {
      const rows = count[0]!
      let total = 0
      for (let n = 0; n < rows; n++) {
        const m = rowMaximum(logits, n * C, C)
        let exponents = 0
        for (let i = n * C; i < (n + 1) * C; i++) exponents += Math.exp(logits[i]! - m)
        const normalizer = m + Math.log(exponents)
        for (let i = n * C; i < (n + 1) * C; i++) {
          if (target[i]! > 0) total += target[i]! * (Math.log(target[i]!) - logits[i]! + normalizer)
        }
      }
      loss[0] = total / rows
    }
  },
}

/** dLogits = dLoss/count · (softmax(logits) · Σ_k target[n,k] − target[n,c]) */
export const klDivergenceBackward: Kernel<OpAttributes<'kl_divergence_backward'>> = {
  bind({ inputs, outputs }) {
    const [N, C] = inputs[1]!.shape as [number, number]
    const dLoss = inputs[0]!.values
    const logits = inputs[1]!.values
    const target = inputs[2]!.values
    const count = inputs[3]!.values
    const dLogits = outputs[0]!.values
    return () => {
      const rows = count[0]!
      const scale = dLoss[0]! / rows
      for (let n = 0; n < rows; n++) {
        let mass = 0
        for (let i = n * C; i < (n + 1) * C; i++) mass += target[i]!
        const factor = (scale * mass) / exponentials(logits, dLogits, n * C, C)
        for (let i = n * C; i < (n + 1) * C; i++) dLogits[i] = dLogits[i]! * factor - scale * target[i]!
      }
      for (let i = rows * C; i < N * C; i++) dLogits[i] = 0
    }
  },
}
