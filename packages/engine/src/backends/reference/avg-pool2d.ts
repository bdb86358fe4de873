// Kernels of average pooling.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'
import { clear } from './products.ts'

/** y[n,c,i,j] = 1/m · Σ_{r,s} x[n, c, i·stride − top + r, j·stride − left + s] */
export const avgPool2d: Kernel<OpAttributes<'avg_pool2d'>> = {
  bind({ inputs, outputs }, { kernel, stride, padding, countIncludePadding }) {
    const [N, C, H, W] = inputs[0]!.shape as [number, number, number, number]
    const [, , outputHeight, outputWidth] = outputs[0]!.shape as [number, number, number, number]
    const [top, , left] = padding
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    return () => {
      let at = 0
      for (let plane = 0; plane < N * C; plane++) {
        const start = plane * H * W
        for (let i = 0; i < outputHeight; i++) {
          const hStart = Math.max(0, i * stride[0] - top)
          const hEnd = Math.min(H, i * stride[0] - top + kernel[0])
          for (let j = 0; j < outputWidth; j++) {
            const wStart = Math.max(0, j * stride[1] - left)
            const wEnd = Math.min(W, j * stride[1] - left + kernel[1])
            let sum = 0
            for (let h = hStart; h < hEnd; h++) for (let w = wStart; w < wEnd; w++) sum += x[start + h * W + w]!
            y[at++] = sum / (countIncludePadding ? kernel[0] * kernel[1] : (hEnd - hStart) * (wEnd - wStart))
          }
        }
      }
    }
  },
}

/** dx[n,c,h,w] = Σ dy[n,c,i,j] / m[i,j] over all windows that hold h, w */
export const avgPool2dBackward: Kernel<OpAttributes<'avg_pool2d_backward'>> = {
  bind({ inputs, outputs }, { kernel, stride, padding, countIncludePadding }) {
    const [N, C, outputHeight, outputWidth] = inputs[0]!.shape as [number, number, number, number]
    const [, , H, W] = outputs[0]!.shape as [number, number, number, number]
    const [top, , left] = padding
    const dy = inputs[0]!.values
    const dx = outputs[0]!.values
    return () => {
      clear(dx, 0, dx.length)
      let at = 0
      for (let plane = 0; plane < N * C; plane++) {
        const start = plane * H * W
        for (let i = 0; i < outputHeight; i++) {
          const hStart = Math.max(0, i * stride[0] - top)
          const hEnd = Math.min(H, i * stride[0] - top + kernel[0])
          for (let j = 0; j < outputWidth; j++) {
            const wStart = Math.max(0, j * stride[1] - left)
            const wEnd = Math.min(W, j * stride[1] - left + kernel[1])
            const share = dy[at++]! / (countIncludePadding ? kernel[0] * kernel[1] : (hEnd - hStart) * (wEnd - wStart))
            for (let h = hStart; h < hEnd; h++) for (let w = wStart; w < wEnd; w++) dx[start + h * W + w]! += share
          }
        }
      }
    }
  },
}
