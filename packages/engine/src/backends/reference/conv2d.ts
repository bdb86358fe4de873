// Kernels of convolution: image by image and group by group, as a product with the matrix of windows.

import type { OpAttributes } from '../../ops/index.ts'
import { columnGeometry, gatherColumns, scatterColumns } from './columns.ts'
import type { Kernel } from './kernel.ts'
import { addProduct, addProductOfRows, clear, type Strided } from './products.ts'

/** y[n,k] = weight[k] · columns(x[n]) + bias[k] */
export const conv2d: Kernel<OpAttributes<'conv2d'>> = {
  scratch: ([x, weight], [y], attributes) => columnCount(columnGeometry(x!.shape, weight!.shape, y!.shape, attributes)),
  bind({ inputs, outputs, scratch }, attributes) {
    const geometry = columnGeometry(inputs[0]!.shape, inputs[1]!.shape, outputs[0]!.shape, attributes)
    const { rows, pixels } = geometry
    const { groups } = attributes
    const N = inputs[0]!.shape[0]!
    const K = inputs[1]!.shape[0]!
    const filters = K / groups
    const groupPixels = geometry.channels * geometry.height * geometry.width
    const x = inputs[0]!.values
    const weight: Strided = { values: inputs[1]!.values, row: rows, column: 1 }
    const bias = inputs[2]?.values ?? new Float64Array(K)
    const y = outputs[0]!.values
    return () => {
      for (let n = 0; n < N; n++) {
        for (let k = 0; k < K; k++) {
          const start = (n * K + k) * pixels
          const value = bias[k]!
          for (let p = start; p < start + pixels; p++) y[p] = value
        }
        for (let g = 0; g < groups; g++) {
          gatherColumns(geometry, x, (n * groups + g) * groupPixels, scratch)
          addProduct(weight, g * filters * rows, scratch, 0, y, (n * K + g * filters) * pixels, filters, pixels, rows)
        }
      }
    }
  },
}

/** dx[n] = scatter(weightᵀ · dy[n]) */
export const conv2dBackwardData: Kernel<OpAttributes<'conv2d_backward_data'>> = {
  scratch: ([dy, weight], [dx], attributes) => columnCount(columnGeometry(dx!.shape, weight!.shape, dy!.shape, attributes)),
  bind({ inputs, outputs, scratch }, attributes) {
    const geometry = columnGeometry(outputs[0]!.shape, inputs[1]!.shape, inputs[0]!.shape, attributes)
    const { rows, pixels } = geometry
    const { groups } = attributes
    const [N, K] = [inputs[0]!.shape[0]!, inputs[0]!.shape[1]!]
    const filters = K / groups
    const groupPixels = geometry.channels * geometry.height * geometry.width
    const dy = inputs[0]!.values
    const transposed: Strided = { values: inputs[1]!.values, row: 1, column: rows }
    const dx = outputs[0]!.values
    return () => {
      clear(dx, 0, dx.length)
      for (let n = 0; n < N; n++) {
        for (let g = 0; g < groups; g++) {
          clear(scratch, 0, rows * pixels)
          addProduct(transposed, g * filters * rows, dy, (n * K + g * filters) * pixels, scratch, 0, rows, pixels, filters)
          scatterColumns(geometry, scratch, dx, (n * groups + g) * groupPixels)
        }
      }
    }
  },
}

/** dWeight[k] = Σ_n dy[n,k] · columns(x[n])ᵀ; dBias[k] = Σ dy[·,k] */
export const conv2dBackwardWeight: Kernel<OpAttributes<'conv2d_backward_weight'>> = {
  scratch: ([dy, x], [dWeight], attributes) => columnCount(columnGeometry(x!.shape, dWeight!.shape, dy!.shape, attributes)),
  bind({ inputs, outputs, scratch }, attributes) {
    const geometry = columnGeometry(inputs[1]!.shape, outputs[0]!.shape, inputs[0]!.shape, attributes)
    const { rows, pixels } = geometry
    const { groups, bias } = attributes
    const [N, K] = [inputs[0]!.shape[0]!, inputs[0]!.shape[1]!]
    const filters = K / groups
    const groupPixels = geometry.channels * geometry.height * geometry.width
    const dy = inputs[0]!.values
    const x = inputs[1]!.values
    const dWeight = outputs[0]!.values
    const dBias = outputs[1]?.values ?? new Float64Array(0)
    return () => {
      clear(dWeight, 0, dWeight.length)
      for (let n = 0; n < N; n++) {
        for (let g = 0; g < groups; g++) {
          gatherColumns(geometry, x, (n * groups + g) * groupPixels, scratch)
          addProductOfRows(dy, (n * K + g * filters) * pixels, scratch, 0, dWeight, g * filters * rows, filters, rows, pixels)
        }
      }
      if (!bias) return
      for (let k = 0; k < K; k++) {
        let sum = 0
        for (let n = 0; n < N; n++) {
          const start = (n * K + k) * pixels
          for (let p = start; p < start + pixels; p++) sum += dy[p]!
        }
        dBias[k] = sum
      }
    }
  },
}

function columnCount({ rows, pixels }: { readonly rows: number; readonly pixels: number }): number {
  return rows * pixels
}
