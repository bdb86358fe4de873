// Kernels of layer normalization over rows. Statistics in double precision, in two passes.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'
import { clear } from './products.ts'

/** y[n,i] = γ_i·(x[n,i] − μ_n)·r_n + β_i */
export const layerNorm: Kernel<OpAttributes<'layer_norm'>> = {
  bind({ inputs, outputs }, { epsilon }) {
    const N = inputs[0]!.shape[0]!
    const [x, gamma, beta] = [inputs[0]!.values, inputs[1]!.values, inputs[2]!.values]
    const [y, means, inverseStds] = [outputs[0]!.values, outputs[1]!.values, outputs[2]!.values]
    const size = gamma.length
    return () => {
      for (let n = 0; n < N; n++) {
        const start = n * size
        let sum = 0
        for (let i = 0; i < size; i++) sum += x[start + i]!
        const mean = sum / size
        let squares = 0
        for (let i = 0; i < size; i++) squares += (x[start + i]! - mean) ** 2
        const inverseStd = 1 / Math.sqrt(squares / size + epsilon)
        for (let i = 0; i < size; i++) y[start + i] = gamma[i]! * (x[start + i]! - mean) * inverseStd + beta[i]!
        means[n] = mean
        inverseStds[n] = inverseStd
      }
    }
  },
}

/** dx = r_n·(γ_i·dy − mean_i(γ·dy) − x̂·mean_i(γ·dy·x̂)) */
export const layerNormBackward: Kernel<OpAttributes<'layer_norm_backward'>> = {
  bind({ inputs, outputs }) {
    const N = inputs[0]!.shape[0]!
    const [dy, x, gamma] = [inputs[0]!.values, inputs[1]!.values, inputs[2]!.values]
    const [means, inverseStds] = [inputs[3]!.values, inputs[4]!.values]
    const [dx, dGamma, dBeta] = [outputs[0]!.values, outputs[1]!.values, outputs[2]!.values]
    const size = gamma.length
    return () => {
      clear(dGamma, 0, size)
      clear(dBeta, 0, size)
      for (let n = 0; n < N; n++) {
        const start = n * size
        const mean = means[n]!
        const inverseStd = inverseStds[n]!
        let sum = 0
        let scaled = 0
        for (let i = 0; i < size; i++) {
          const d = dy[start + i]!
          const normalized = (x[start + i]! - mean) * inverseStd
          dGamma[i]! += d * normalized
          dBeta[i]! += d
          sum += gamma[i]! * d
          scaled += gamma[i]! * d * normalized
        }
        const shift = sum / size
        const slope = (scaled * inverseStd) / size
        for (let i = 0; i < size; i++) {
          dx[start + i] = inverseStd * (gamma[i]! * dy[start + i]! - shift - slope * (x[start + i]! - mean))
        }
      }
    }
  },
}
