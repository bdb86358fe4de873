// Kernels over whole channels: biases, joints and parts. A row of a tensor is its channels one after the other, each a plane.

import type { OpAttributes } from '../../ops/index.ts'
import type { Kernel, Operand } from './kernel.ts'

/** Elements of one channel of one row. */
function planeSize({ shape }: Pick<Operand, 'shape'>): number {
  return shape.slice(2).reduce((size, extent) => size * extent, 1)
}

/** y[n,c,…] = x[n,c,…] + bias[c] */
export const biasAdd: Kernel<OpAttributes<'bias_add'>> = {
  bind({ inputs, outputs }) {
    const [N, C] = inputs[0]!.shape as [number, number]
    const plane = planeSize(inputs[0]!)
    const x = inputs[0]!.values
    const bias = inputs[1]!.values
    const y = outputs[0]!.values
    return () => {
      let at = 0
      for (let n = 0; n < N; n++) {
        for (let c = 0; c < C; c++) {
          const value = bias[c]!
          for (const end = at + plane; at < end; at++) y[at] = x[at]! + value
        }
      }
    }
  },
}

/** dBias[c] = Σ_{n,…} dy[n,c,…] */
export const biasBackward: Kernel<OpAttributes<'bias_backward'>> = {
  bind({ inputs, outputs }) {
    const [N, C] = inputs[0]!.shape as [number, number]
    const plane = planeSize(inputs[0]!)
    const dy = inputs[0]!.values
    const dBias = outputs[0]!.values
    return () => {
      for (let c = 0; c < C; c++) {
        let sum = 0
        for (let n = 0; n < N; n++) {
          const start = (n * C + c) * plane
          for (let p = start; p < start + plane; p++) sum += dy[p]!
        }
        dBias[c] = sum
      }
    }
  },
}

/** y[n,c,…] = x_i[n, c − start_i, …] */
export const concatenate: Kernel<OpAttributes<'concatenate'>> = {
  bind({ inputs, outputs }) {
    const [N] = outputs[0]!.shape as [number]
    const y = outputs[0]!.values
    const rows = inputs.map(({ values }) => values.length / N)
    const row = y.length / N
    return () => {
      let start = 0
      for (let i = 0; i < inputs.length; i++) {
        copyRows(inputs[i]!.values, rows[i]!, 0, y, row, start, N, rows[i]!)
        start += rows[i]!
      }
    }
  },
}

/** y[n,c,…] = x[n, start + c, …] */
export const slice: Kernel<OpAttributes<'slice'>> = {
  bind({ inputs, outputs }, { start }) {
    const [N] = outputs[0]!.shape as [number]
    const x = inputs[0]!.values
    const y = outputs[0]!.values
    const size = y.length / N
    const first = start * planeSize(inputs[0]!)
    return () => copyRows(x, x.length / N, first, y, size, 0, N, size)
  },
}

/** Copies `size` elements of each row. */
function copyRows(
  from: Operand['values'],
  fromRow: number,
  fromStart: number,
  to: Operand['values'],
  toRow: number,
  toStart: number,
  rows: number,
  size: number,
): void {
  for (let n = 0; n < rows; n++) {
    const source = n * fromRow + fromStart
    const target = n * toRow + toStart
    for (let i = 0; i < size; i++) to[target + i] = from[source + i]!
  }
}
