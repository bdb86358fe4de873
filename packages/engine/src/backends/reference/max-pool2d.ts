// Kernels of max-pooling. The workspace holds, for each output, the index of its maximum within the plane of its channel.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel } from './kernel.ts'
import { clear } from './products.ts'

/** y[n,c,i,j] = max_{r,s} x[n, c, i·stride − top + r, j·stride − left + s]; the first of equal ones wins */
export const maxPool2d: Kernel<OpAttributes<'max_pool2d'>> = {
  bind({ inputs, outputs }, { kernel, stride, padding }) {
    const [N, C, H, W] = inputs[0]!.shape as [number, number, number, number]
    const [, , outputHeight, outputWidth] = outputs[0]!.shape as [number, number, number, number]
    const [top, , left] = padding
    const [kernelHeight, kernelWidth] = kernel
    const [strideHeight, strideWidth] = stride
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    const found = outputs[1]!.indices
    return () => {
      let at = 0
      for (let plane = 0; plane < N * C; plane++) {
        const start = plane * H * W
        for (let i = 0; i < outputHeight; i++) {
          const h0 = i * strideHeight - top
          const hStart = h0 > 0 ? h0 : 0
          const hEnd = h0 + kernelHeight < H ? h0 + kernelHeight : H
          for (let j = 0; j < outputWidth; j++) {
            const w0 = j * strideWidth - left
            const wStart = w0 > 0 ? w0 : 0
            const wEnd = w0 + kernelWidth < W ? w0 + kernelWidth : W
            let best = hStart * W + wStart
            let maximum = x[start + best]!
            for (let h = hStart; h < hEnd; h++) {
              for (let w = wStart; w < wEnd; w++) {
                const value = x[start + h * W + w]!
                if (value > maximum) {
                  maximum = value
                  best = h * W + w
                }
              }
            }
            y[at] = maximum
            found[at++] = best
          }
        }
      }
    }
  },
}

/** dx = Σ dy over all windows whose maximum the pixel is */
export const maxPool2dBackward: Kernel<OpAttributes<'max_pool2d_backward'>> = {
  bind({ inputs, outputs }) {
    const [N, C, outputHeight, outputWidth] = inputs[0]!.shape as [number, number, number, number]
    const [, , H, W] = outputs[0]!.shape as [number, number, number, number]
    const dy = inputs[0]!.values
    const found = inputs[1]!.indices
    const dx = outputs[0]!.values
    return () => {
      clear(dx, 0, dx.length)
      let at = 0
      for (let plane = 0; plane < N * C; plane++) {
        const start = plane * H * W
        for (let p = 0; p < outputHeight * outputWidth; p++, at++) dx[start + found[at]!]! += dy[at]!
      }
    }
  },
}
