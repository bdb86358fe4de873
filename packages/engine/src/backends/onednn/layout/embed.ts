// Logical tensors inside larger ones whose extra elements are zero. Only at the borders: parameters in, parameters out.

import type { NumericArray } from '../../backend.ts'

/** Copies row-major `values` of `shape` into a zeroed row-major array of `outer`, at the origin. */
export function embed(values: NumericArray, shape: readonly number[], outer: readonly number[], into: NumericArray): void {
  into.fill(0)
  copyRows(shape, outer, (inner, outerOffset, length) => {
    for (let i = 0; i < length; i++) into[outerOffset + i] = values[inner + i]!
  })
}

/** The inverse of `embed`. */
export function extract(from: NumericArray, shape: readonly number[], outer: readonly number[], into: NumericArray): void {
  copyRows(shape, outer, (inner, outerOffset, length) => {
    for (let i = 0; i < length; i++) into[inner + i] = from[outerOffset + i]!
  })
}

function copyRows(shape: readonly number[], outer: readonly number[], copy: (inner: number, outer: number, length: number) => void): void {
  const length = shape.at(-1) ?? 1
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1)
  for (let row = 0; row < rows; row++) {
    let rest = row
    let offset = 0
    let step = outer.at(-1) ?? 1
    for (let dimension = shape.length - 2; dimension >= 0; dimension--) {
      offset += (rest % shape[dimension]!) * step
      rest = Math.floor(rest / shape[dimension]!)
      step *= outer[dimension]!
    }
    copy(row * length, offset, length)
  }
}
