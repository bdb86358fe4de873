// A random matrix with orthonormal rows or columns, whichever are fewer.

import type { Shape } from '../core/tensor.ts'
import { fillNormal, type StreamKey } from '../random/index.ts'

/**
 * Fills [K, …] as a matrix of K rows. Gram and Schmidt, twice ("twice is enough", Giraud et al. 2005), in float64 on normal
 * numbers, which gives the uniform distribution over orthogonal matrices. O(min² · max) operations.
 */
export function orthogonal(into: Float32Array, key: StreamKey, shape: Shape, gain: number): void {
  const rows = shape[0] ?? 1
  const columns = into.length / rows
  const vectors = Math.min(rows, columns)
  const length = Math.max(rows, columns)
  const basis = new Float64Array(vectors * length)
  fillNormal(key, basis)
  for (let i = 0; i < vectors; i++) {
    const vector = basis.subarray(i * length, (i + 1) * length)
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = basis.subarray(j * length, (j + 1) * length)
        const projection = dot(vector, other)
        for (let k = 0; k < length; k++) vector[k] = (vector[k] ?? 0) - projection * (other[k] ?? 0)
      }
      const norm = Math.sqrt(dot(vector, vector))
      for (let k = 0; k < length; k++) vector[k] = (vector[k] ?? 0) / norm
    }
  }
  for (let i = 0; i < vectors; i++) {
    for (let k = 0; k < length; k++) {
      const value = gain * (basis[i * length + k] ?? 0)
      into[rows <= columns ? i * columns + k : k * columns + i] = value
    }
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += (a[k] ?? 0) * (b[k] ?? 0)
  return sum
}
