// Matrix products that dense and convolution kernels share. Row-major, sums in a fixed order, four at a time so that additions overlap.

import type { RealArray } from '../backend.ts'

/** A matrix inside of an array: element (i, j) is at start + i·row + j·column. */
export interface Strided {
  readonly values: RealArray
  readonly row: number
  readonly column: number
}

/**
 * c[m, n] += Σ_k a[m, k] · b[n, k]: both read along their rows.
 * a is M×K from `aStart`, b is N×K from `bStart`, c is M×N from `cStart`, all dense.
 */
export function addProductOfRows(
  a: RealArray,
  aStart: number,
  b: RealArray,
  bStart: number,
  c: RealArray,
  cStart: number,
  M: number,
  N: number,
  K: number,
): void {
  const whole = N - (N % 4)
  for (let m = 0; m < M; m++) {
    const aRow = aStart + m * K
    const cRow = cStart + m * N
    for (let n = 0; n < whole; n += 4) {
      const b0 = bStart + n * K
      const b1 = b0 + K
      const b2 = b1 + K
      const b3 = b2 + K
      let sum0 = c[cRow + n]!
      let sum1 = c[cRow + n + 1]!
      let sum2 = c[cRow + n + 2]!
      let sum3 = c[cRow + n + 3]!
      for (let k = 0; k < K; k++) {
        const value = a[aRow + k]!
        sum0 += value * b[b0 + k]!
        sum1 += value * b[b1 + k]!
        sum2 += value * b[b2 + k]!
        sum3 += value * b[b3 + k]!
      }
      c[cRow + n] = sum0
      c[cRow + n + 1] = sum1
      c[cRow + n + 2] = sum2
      c[cRow + n + 3] = sum3
    }
    for (let n = whole; n < N; n++) {
      const bRow = bStart + n * K
      let sum = c[cRow + n]!
      for (let k = 0; k < K; k++) sum += a[aRow + k]! * b[bRow + k]!
      c[cRow + n] = sum
    }
  }
}

/**
 * c[m, n] += Σ_k a[m, k] · b[k, n]: a may be strided (and so transposed), b is K×N from `bStart`, c is M×N from `cStart`, both dense.
 * Runs along the rows of b and c.
 */
export function addProduct(
  a: Strided,
  aStart: number,
  b: RealArray,
  bStart: number,
  c: RealArray,
  cStart: number,
  M: number,
  N: number,
  K: number,
): void {
  const { values, row, column } = a
  const whole = K - (K % 4)
  for (let m = 0; m < M; m++) {
    const aRow = aStart + m * row
    const cRow = cStart + m * N
    for (let k = 0; k < whole; k += 4) {
      const a0 = values[aRow + k * column]!
      const a1 = values[aRow + (k + 1) * column]!
      const a2 = values[aRow + (k + 2) * column]!
      const a3 = values[aRow + (k + 3) * column]!
      const b0 = bStart + k * N
      const b1 = b0 + N
      const b2 = b1 + N
      const b3 = b2 + N
      for (let n = 0; n < N; n++) {
        c[cRow + n]! += a0 * b[b0 + n]! + a1 * b[b1 + n]! + a2 * b[b2 + n]! + a3 * b[b3 + n]!
      }
    }
    for (let k = whole; k < K; k++) {
      const value = values[aRow + k * column]!
      const bRow = bStart + k * N
      for (let n = 0; n < N; n++) c[cRow + n]! += value * b[bRow + n]!
    }
  }
}

/** Sets `count` values to 0. A loop, since the call of `fill` costs more in tiny networks. */
export function clear(values: RealArray, start: number, count: number): void {
  for (let i = start; i < start + count; i++) values[i] = 0
}
