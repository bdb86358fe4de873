// Kernels of batch normalization over [N, C, pixels]. Statistics in double precision, in two passes: a mean far from 0 costs no digits.

import type { OpAttributes } from '../../ops/index.ts'
import type { RealArray } from '../backend.ts'
import type { Kernel, Operand } from './kernel.ts'

/** Where the values of channels lie: N pieces of `pixels`, `stride` apart. */
interface Channels {
  readonly N: number
  readonly C: number
  readonly pixels: number
  readonly stride: number
}

function channelsOf({ shape, values }: Operand): Channels {
  const [N, C] = shape as [number, number]
  const stride = values.length / N
  return { N, C, pixels: stride / C, stride }
}

// Numbers by channel are handed on in arrays: a fraction that is passed to a function takes 16 bytes of the heap.

/** y = scale_c · (x − mean_c) + shift_c */
function affine({ N, C, pixels, stride }: Channels, x: RealArray, mean: RealArray, scale: RealArray, shift: RealArray, y: RealArray): void {
  for (let c = 0; c < C; c++) {
    const m = mean[c]!
    const s = scale[c]!
    const b = shift[c]!
    for (let n = 0; n < N; n++) {
      const start = n * stride + c * pixels
      for (let i = start; i < start + pixels; i++) y[i] = s * (x[i]! - m) + b
    }
  }
}

/** y = γ_c·(x − μ_c)·r_c + β_c */
export const batchNorm: Kernel<OpAttributes<'batch_norm'>> = {
  bind({ inputs, outputs }, { epsilon }) {
    const channels = channelsOf(inputs[0]!)
    const { N, C, pixels, stride } = channels
    const [x, gamma, beta] = [inputs[0]!.values, inputs[1]!.values, inputs[2]!.values]
    const [y, means, inverseStds] = [outputs[0]!.values, outputs[1]!.values, outputs[2]!.values]
    const m = N * pixels
    const exactMeans = new Float64Array(C)
    const scales = new Float64Array(C)
    return () => {
      for (let c = 0; c < C; c++) {
        let sum = 0
        for (let n = 0; n < N; n++) {
          const start = n * stride + c * pixels
          for (let i = start; i < start + pixels; i++) sum += x[i]!
        }
        const mean = sum / m
        let squares = 0
        for (let n = 0; n < N; n++) {
          const start = n * stride + c * pixels
          for (let i = start; i < start + pixels; i++) squares += (x[i]! - mean) ** 2
        }
        const inverseStd = 1 / Math.sqrt(squares / m + epsilon)
        exactMeans[c] = mean
        scales[c] = gamma[c]! * inverseStd
        means[c] = mean
        inverseStds[c] = inverseStd
      }
      affine(channels, x, exactMeans, scales, beta, y)
    }
  },
}

/** dx = γ_c·r_c·(dy − dBeta_c/m − x̂·dGamma_c/m) */
export const batchNormBackward: Kernel<OpAttributes<'batch_norm_backward'>> = {
  bind({ inputs, outputs }) {
    const channels = channelsOf(inputs[0]!)
    const { N, C, pixels, stride } = channels
    const [dy, x, gamma] = [inputs[0]!.values, inputs[1]!.values, inputs[2]!.values]
    const [means, inverseStds] = [inputs[3]!.values, inputs[4]!.values]
    const [dx, dGamma, dBeta] = [outputs[0]!.values, outputs[1]!.values, outputs[2]!.values]
    const m = N * pixels
    const sums = channelSums(channels, inputs, outputs, means, inverseStds)
    return () => {
      sums()
      for (let c = 0; c < C; c++) {
        const mean = means[c]!
        const inverseStd = inverseStds[c]!
        const scale = gamma[c]! * inverseStd
        const shift = dBeta[c]! / m
        const slope = (inverseStd * dGamma[c]!) / m
        for (let n = 0; n < N; n++) {
          const start = n * stride + c * pixels
          for (let i = start; i < start + pixels; i++) dx[i] = scale * (dy[i]! - shift - slope * (x[i]! - mean))
        }
      }
    }
  },
}

/** dGamma_c = Σ dy·(x − mean_c)·inverseStd_c and dBeta_c = Σ dy, from [dy, x, …] into [dx, dGamma, dBeta] */
function channelSums(
  { N, C, pixels, stride }: Channels,
  inputs: readonly Operand[],
  outputs: readonly Operand[],
  means: RealArray,
  inverseStds: RealArray,
) {
  const [dy, x] = [inputs[0]!.values, inputs[1]!.values]
  const [dGamma, dBeta] = [outputs[1]!.values, outputs[2]!.values]
  return (): void => {
    for (let c = 0; c < C; c++) {
      const mean = means[c]!
      let scaled = 0
      let sum = 0
      for (let n = 0; n < N; n++) {
        const start = n * stride + c * pixels
        for (let i = start; i < start + pixels; i++) {
          scaled += dy[i]! * (x[i]! - mean)
          sum += dy[i]!
        }
      }
      dGamma[c] = scaled * inverseStds[c]!
      dBeta[c] = sum
    }
  }
}

/** y = γ_c·(x − mean_c)/√(variance_c + epsilon) + β_c */
export const batchNormInference: Kernel<OpAttributes<'batch_norm_inference'>> = {
  bind({ inputs, outputs }, { epsilon }) {
    const channels = channelsOf(inputs[0]!)
    const [x, gamma, beta] = [inputs[0]!.values, inputs[1]!.values, inputs[2]!.values]
    const [mean, variance] = [inputs[3]!.values, inputs[4]!.values]
    const y = outputs[0]!.values
    const scales = new Float64Array(channels.C)
    return () => {
      for (let c = 0; c < channels.C; c++) scales[c] = gamma[c]! / Math.sqrt(variance[c]! + epsilon)
      affine(channels, x, mean, scales, beta, y)
    }
  },
}

/** dx = γ_c·r_c·dy */
export const batchNormInferenceBackward: Kernel<OpAttributes<'batch_norm_inference_backward'>> = {
  bind({ inputs, outputs }, { epsilon }) {
    const channels = channelsOf(inputs[0]!)
    const [dy, gamma] = [inputs[0]!.values, inputs[2]!.values]
    const [mean, variance] = [inputs[3]!.values, inputs[4]!.values]
    const dx = outputs[0]!.values
    const inverseStds = new Float64Array(channels.C)
    const scales = new Float64Array(channels.C)
    const zeros = new Float64Array(channels.C)
    const sums = channelSums(channels, inputs, outputs, mean, inverseStds)
    return () => {
      for (let c = 0; c < channels.C; c++) {
        inverseStds[c] = 1 / Math.sqrt(variance[c]! + epsilon)
        scales[c] = gamma[c]! * inverseStds[c]!
      }
      sums()
      affine(channels, dy, zeros, scales, zeros, dx)
    }
  },
}

/** running ← (1 − momentum)·running + momentum·new, the variance unbiased */
export const runningStatistics: Kernel<OpAttributes<'running_statistics'>> = {
  bind({ inputs }, { momentum, epsilon, values }) {
    const [runningMean, runningVariance] = [inputs[0]!.values, inputs[1]!.values]
    const [mean, inverseStd] = [inputs[2]!.values, inputs[3]!.values]
    // One value has no spread to be unbiased about.
    const unbiased = momentum * (values / Math.max(1, values - 1))
    const keep = 1 - momentum
    const count = runningMean.length
    return () => {
      for (let c = 0; c < count; c++) {
        runningMean[c] = keep * runningMean[c]! + momentum * mean[c]!
        runningVariance[c] = keep * runningVariance[c]! + unbiased * (1 / inverseStd[c]! ** 2 - epsilon)
      }
    }
  },
}
