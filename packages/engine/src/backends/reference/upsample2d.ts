// Kernels of upsampling: both modes are products with a sparse matrix along each axis, at most two taps per output.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'
import { clear } from './products.ts'

/** Output i reads `low[i]` with weight 1 − `part[i]` and `high[i]` with weight `part[i]`. */
interface Taps {
  readonly low: Int32Array
  readonly high: Int32Array
  readonly part: Float64Array
}

function tapsOf(input: number, scale: number, mode: OpAttributes<'upsample2d'>['mode']): Taps {
  const output = input * scale
  const [low, high, part] = [new Int32Array(output), new Int32Array(output), new Float64Array(output)]
  for (let i = 0; i < output; i++) {
    const at = mode === 'nearest' ? Math.floor(i / scale) : Math.max(0, (i + 0.5) / scale - 0.5)
    low[i] = Math.floor(at)
    high[i] = Math.min(low[i]! + 1, input - 1)
    part[i] = at - low[i]!
  }
  return { low, high, part }
}

/** y[n,c,i,j] = Σ_{h,w} a[i,h] · b[j,w] · x[n,c,h,w] */
export const upsample2d: Kernel<OpAttributes<'upsample2d'>> = {
  bind({ inputs, outputs }, { scale, mode }) {
    const [N, C, H, W] = inputs[0]!.shape as [number, number, number, number]
    const [rows, columns] = [tapsOf(H, scale[0], mode), tapsOf(W, scale[1], mode)]
    const [outputHeight, outputWidth] = [H * scale[0], W * scale[1]]
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    return () => {
      let at = 0
      for (let plane = 0; plane < N * C; plane++) {
        for (let i = 0; i < outputHeight; i++) {
          const above = (plane * H + rows.low[i]!) * W
          const below = (plane * H + rows.high[i]!) * W
          const down = rows.part[i]!
          for (let j = 0; j < outputWidth; j++) {
            const left = columns.low[j]!
            const right = columns.high[j]!
            const across = columns.part[j]!
            const upper = x[above + left]! * (1 - across) + x[above + right]! * across
            const lower = x[below + left]! * (1 - across) + x[below + right]! * across
            y[at++] = upper * (1 - down) + lower * down
          }
        }
      }
    }
  },
}

/** dx[n,c,h,w] = Σ_{i,j} a[i,h] · b[j,w] · dy[n,c,i,j] */
export const upsample2dBackward: Kernel<OpAttributes<'upsample2d_backward'>> = {
  bind({ inputs, outputs }, { scale, mode }) {
    const [N, C, H, W] = outputs[0]!.shape as [number, number, number, number]
    const [rows, columns] = [tapsOf(H, scale[0], mode), tapsOf(W, scale[1], mode)]
    const [outputHeight, outputWidth] = [H * scale[0], W * scale[1]]
    const dy = inputs[0]!.values
    const dx = outputs[0]!.values
    return () => {
      clear(dx, 0, dx.length)
      let at = 0
      for (let plane = 0; plane < N * C; plane++) {
        for (let i = 0; i < outputHeight; i++) {
          const above = (plane * H + rows.low[i]!) * W
          const below = (plane * H + rows.high[i]!) * W
          const down = rows.part[i]!
          for (let j = 0; j < outputWidth; j++, at++) {
            const left = columns.low[j]!
            const right = columns.high[j]!
            const across = columns.part[j]!
            const upper = dy[at]! * (1 - down)
            const lower = dy[at]! * down
            dx[above + left]! += upper * (1 - across)
            dx[above + right]! += upper * across
            dx[below + left]! += lower * (1 - across)
            dx[below + right]! += lower * across
          }
        }
      }
    }
  },
}
