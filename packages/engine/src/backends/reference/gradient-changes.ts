// Kernels of what happens to gradients before an update and to weights after it. All but max_norm see flat arrays: padding of zeros changes
// nothing.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'

/** gradient ← gradient + l1·sign(p) + l2·p */
export const penaltyGradient: Kernel<OpAttributes<'penalty_gradient'>> = {
  bind({ inputs }, { l1, l2 }) {
    const gradient = inputs[0]!.values
    const parameter = inputs[1]!.values
    const count = gradient.length
    return () => {
      for (let i = 0; i < count; i++) gradient[i]! += l1 * Math.sign(parameter[i]!) + l2 * parameter[i]!
    }
  },
}

/** gradient ← max(−bound, min(bound, gradient)) */
export const clipByValue: Kernel<OpAttributes<'clip_by_value'>> = {
  bind({ inputs }, { bound }) {
    const gradient = inputs[0]!.values
    const count = gradient.length
    return () => {
      for (let i = 0; i < count; i++) gradient[i] = Math.max(-bound, Math.min(bound, gradient[i]!))
    }
  },
}

/** gradient ← gradient · min(1, bound / (√Σ norms² + 1e-6)) */
export const clipByNorm: Kernel<OpAttributes<'clip_by_norm'>> = {
  bind({ inputs }, { bound }) {
    const gradient = inputs[0]!.values
    const norms = inputs[1]!.values
    const segments = inputs[1]!.shape[0]!
    const count = gradient.length
    return () => {
      let squares = 0
      for (let i = 0; i < segments; i++) squares += norms[i]! * norms[i]!
      const scale = bound / (Math.sqrt(squares) + 1e-6)
      if (scale < 1) for (let i = 0; i < count; i++) gradient[i]! *= scale
    }
  },
}

/** norms[i] = √Σ x_i² */
export const l2Norms: Kernel<OpAttributes<'l2_norms'>> = {
  bind({ inputs, outputs }) {
    const tensors = inputs.map(({ values }) => values)
    const norms = outputs[0]!.values
    return () => {
      for (let t = 0; t < tensors.length; t++) {
        const x = tensors[t]!
        let squares = 0
        for (let i = 0; i < x.length; i++) squares += x[i]! * x[i]!
        norms[t] = Math.sqrt(squares)
      }
    }
  },
}

/** weight[k] ← weight[k] · min(1, bound / ‖weight[k]‖₂) */
export const maxNorm: Kernel<OpAttributes<'max_norm'>> = {
  bind({ inputs }, { bound }) {
    const weight = inputs[0]!.values
    const units = inputs[0]!.shape[0]!
    const size = weight.length / units
    return () => {
      for (let k = 0; k < units; k++) {
        let squares = 0
        for (let i = k * size; i < (k + 1) * size; i++) squares += weight[i]! * weight[i]!
        const scale = bound / Math.sqrt(squares)
        if (scale < 1) for (let i = k * size; i < (k + 1) * size; i++) weight[i]! *= scale
      }
    }
  },
}
