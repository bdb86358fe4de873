// Kernels of optimizers, in place over whole segments.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'

/** g = gradient + weightDecay·p; v ← momentum·v + g; p ← p − learningRate·v */
export const sgdUpdate: Kernel<OpAttributes<'sgd_update'>> = {
  bind({ inputs }, { momentum, nesterov, weightDecay }) {
    const parameter = inputs[0]!.values
    const gradient = inputs[1]!.values
    const learningRate = inputs[2]!.values
    const velocity = inputs[3]?.values
    const count = parameter.length
    if (velocity === undefined) {
      return () => {
        const rate = learningRate[0]!
        for (let i = 0; i < count; i++) parameter[i]! -= rate * (gradient[i]! + weightDecay * parameter[i]!)
      }
    }
    return () => {
      const rate = learningRate[0]!
      for (let i = 0; i < count; i++) {
        const g = gradient[i]! + weightDecay * parameter[i]!
        const v = momentum * velocity[i]! + g
        velocity[i] = v
        parameter[i]! -= rate * (nesterov ? g + momentum * v : v)
      }
    }
  },
}

/** m ← beta1·m + (1−beta1)·g; v ← beta2·v + (1−beta2)·g²; p ← p − learningRate · m̂ / (√v̂ + epsilon) */
export const adamUpdate: Kernel<OpAttributes<'adam_update'>> = {
  bind({ inputs }, { beta1, beta2, epsilon, weightDecay, decoupled }) {
    const parameter = inputs[0]!.values
    const gradient = inputs[1]!.values
    const learningRate = inputs[2]!.values
    const biasCorrection = inputs[3]!.values
    const first = inputs[4]!.values
    const second = inputs[5]!.values
    const count = parameter.length
    const decay = decoupled ? 0 : weightDecay
    return () => {
      const rate = learningRate[0]!
      const shrink = decoupled ? 1 - rate * weightDecay : 1
      const correction1 = biasCorrection[0]!
      const correction2 = biasCorrection[1]!
      for (let i = 0; i < count; i++) {
        const g = gradient[i]! + decay * parameter[i]!
        const m = beta1 * first[i]! + (1 - beta1) * g
        const v = beta2 * second[i]! + (1 - beta2) * g * g
        first[i] = m
        second[i] = v
        parameter[i] = shrink * parameter[i]! - (rate * (m / correction1)) / (Math.sqrt(v / correction2) + epsilon)
      }
    }
  },
}

/** s ← smoothing·s + (1−smoothing)·g²; p ← p − learningRate · g / (√(s − mean²) + epsilon), with momentum over the quotients */
export const rmspropUpdate: Kernel<OpAttributes<'rmsprop_update'>> = {
  bind({ inputs }, { smoothing, epsilon, momentum, centered, weightDecay }) {
    const parameter = inputs[0]!.values
    const gradient = inputs[1]!.values
    const learningRate = inputs[2]!.values
    const squares = inputs[3]!.values
    const mean = centered ? inputs[4]!.values : null
    const velocity = momentum > 0 ? inputs[centered ? 5 : 4]!.values : null
    const count = parameter.length
    return () => {
      const rate = learningRate[0]!
      for (let i = 0; i < count; i++) {
        const g = gradient[i]! + weightDecay * parameter[i]!
        const s = smoothing * squares[i]! + (1 - smoothing) * g * g
        squares[i] = s
        let variance = s
        if (mean !== null) {
          const m = smoothing * mean[i]! + (1 - smoothing) * g
          mean[i] = m
          // Rounding may take a variance of 0 below it.
          variance = Math.max(0, s - m * m)
        }
        let direction = g / (Math.sqrt(variance) + epsilon)
        if (velocity !== null) {
          direction += momentum * velocity[i]!
          velocity[i] = direction
        }
        parameter[i]! -= rate * direction
      }
    }
  },
}

/** s ← s + g²; p ← p − learningRate · g / (√s + epsilon) */
export const adagradUpdate: Kernel<OpAttributes<'adagrad_update'>> = {
  bind({ inputs }, { epsilon, weightDecay }) {
    const parameter = inputs[0]!.values
    const gradient = inputs[1]!.values
    const learningRate = inputs[2]!.values
    const sum = inputs[3]!.values
    const count = parameter.length
    return () => {
      const rate = learningRate[0]!
      for (let i = 0; i < count; i++) {
        const g = gradient[i]! + weightDecay * parameter[i]!
        const s = sum[i]! + g * g
        sum[i] = s
        parameter[i]! -= (rate * g) / (Math.sqrt(s) + epsilon)
      }
    }
  },
}
