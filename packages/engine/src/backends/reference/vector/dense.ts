// Dense layers: products of small matrices. Vectors run along the dimension that lies contiguously in the result.

import { type Emitter, FLOAT_BYTES, LANES, VECTOR_BYTES } from './emitter.ts'
import type { Local, Place, WasmCode } from './wasm-code.ts'

/** Up to so many products, an inner loop is written out: its body is shorter than the code that counts. */
const UNROLL_MAX = 16
/** Sums that are kept in registers at a time; there are sixteen. */
const SUMS_MAX = 8

interface Block {
  readonly start: number
  readonly lanes: number
}

/** Vectors that cover `size` numbers. */
function blocksOf(size: number): readonly Block[] {
  return Array.from({ length: Math.ceil(size / LANES) }, (_, i) => ({ start: i * LANES, lanes: Math.min(LANES, size - i * LANES) }))
}

function groupsOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

/** Runs the body for each index below `times`: written out, or as a loop whose pointer gives the index times `bytes` for each stride. */
function emitIndexed(
  code: WasmCode,
  times: number,
  strides: readonly number[],
  body: (places: readonly ((address: number) => Place)[]) => void,
): void {
  if (times <= UNROLL_MAX) {
    for (let i = 0; i < times; i++) body(strides.map((bytes) => (address: number) => ({ address: address + i * bytes })))
    return
  }
  const pointers = strides.map((bytes) => [code.local('i32'), bytes] as const)
  code.repeat(times, pointers, () =>
    body(
      pointers.map(([pointer]) => (address: number) => ({ address, pointer })),
    ),
  )
}

/** Σ over pairs of a number and a vector: adds splat(scalar) · vector to each sum. */
function emitAccumulate(code: WasmCode, sums: readonly Local[], scalars: readonly Place[], vectors: readonly Place[]): void {
  const [scalar, vector] = [code.local('v128'), code.local('v128')]
  const oneScalar = scalars.length === 1
  if (oneScalar) code.loadSplat(scalars[0]!).set(scalar)
  else code.load(vectors[0]!).set(vector)
  sums.forEach((sum, i) => {
    code.get(sum)
    if (oneScalar) code.get(scalar).load(vectors[i]!)
    else code.loadSplat(scalars[i]!).get(vector)
    code.vector('mul', 'add').set(sum)
  })
}

/** A place that is relative to two pointers at once: the second is added by an instruction. */
function emitBase(code: WasmCode, base: Local, place: Place, into: Local): Place {
  if (place.pointer === undefined) return { address: place.address, pointer: base }
  code.get(base).get(place.pointer).plain('i32Add').set(into)
  return { address: place.address, pointer: into }
}

/** y[n, k] = Σ_d x[n, d] · weight[k, d] + bias[k]: the weights are transposed first, with their rows padded to whole vectors. */
export const dense: Emitter<'dense'> = ({ code, inputs: [x, weight, bias], outputs: [y], scratch }) => {
  if (x === undefined || weight === undefined || y === undefined) return false
  const [N = 0, D = 0] = x.shape
  const K = weight.shape[0] ?? 0
  const row = Math.ceil(K / LANES) * VECTOR_BYTES
  const transposed = scratch((row / FLOAT_BYTES) * (D + 1))
  for (let k = 0; k < K; k++) {
    emitIndexed(code, D, [FLOAT_BYTES, row], ([from, to]) => {
      code.storeScalar(to!(transposed + k * FLOAT_BYTES), () => code.loadScalar(from!(weight.address + k * D * FLOAT_BYTES)))
    })
  }
  const padded = transposed + row * D
  if (bias !== undefined) {
    for (let k = 0; k < K; k++) {
      const offset = k * FLOAT_BYTES
      code.storeScalar({ address: padded + offset }, () => code.loadScalar({ address: bias.address + offset }))
    }
  }
  const [xRow, yRow, moved] = [code.local('i32'), code.local('i32'), code.local('i32')]
  const pointers = [[xRow, D * FLOAT_BYTES] as const, [yRow, K * FLOAT_BYTES] as const]
  for (const blocks of groupsOf(blocksOf(K), SUMS_MAX)) {
    const sums = blocks.map(() => code.local('v128'))
    code.repeat(N, pointers, () => {
      blocks.forEach(({ start }, i) => {
        if (bias === undefined) code.constant(0)
        else code.load({ address: padded + start * FLOAT_BYTES })
        code.set(sums[i]!)
      })
      emitIndexed(code, D, [FLOAT_BYTES, row], ([ofX, ofWeight]) => {
        const scalar = emitBase(code, xRow, ofX!(x.address), moved)
        const vectors = blocks.map(({ start }) => ofWeight!(transposed + start * FLOAT_BYTES))
        emitAccumulate(code, sums, [scalar], vectors)
      })
      blocks.forEach(({ start, lanes }, i) => {
        code.store({ address: y.address + start * FLOAT_BYTES, pointer: yRow }, sums[i]!, lanes)
      })
    })
  }
  return true
}

/** dx[n, d] = Σ_k dy[n, k] · weight[k, d] */
export const denseBackwardData: Emitter<'dense_backward_data'> = ({ code, inputs: [dy, weight], outputs: [dx] }) => {
  if (dy === undefined || weight === undefined || dx === undefined) return false
  const [N = 0, K = 0] = dy.shape
  const D = weight.shape[1] ?? 0
  const [dyRow, dxRow, moved] = [code.local('i32'), code.local('i32'), code.local('i32')]
  const pointers = [[dyRow, K * FLOAT_BYTES] as const, [dxRow, D * FLOAT_BYTES] as const]
  for (const blocks of groupsOf(blocksOf(D), SUMS_MAX)) {
    const sums = blocks.map(() => code.local('v128'))
    code.repeat(N, pointers, () => {
      for (const sum of sums) code.constant(0).set(sum)
      emitIndexed(code, K, [FLOAT_BYTES, D * FLOAT_BYTES], ([ofDy, ofWeight]) => {
        const scalar = emitBase(code, dyRow, ofDy!(dy.address), moved)
        const vectors = blocks.map(({ start }) => ofWeight!(weight.address + start * FLOAT_BYTES))
        emitAccumulate(code, sums, [scalar], vectors)
      })
      blocks.forEach(({ start, lanes }, i) => {
        code.store({ address: dx.address + start * FLOAT_BYTES, pointer: dxRow }, sums[i]!, lanes)
      })
    })
  }
  return true
}

/** dWeight[k, d] = Σ_n dy[n, k] · x[n, d]; dBias[k] = Σ_n dy[n, k] */
export const denseBackwardWeight: Emitter<'dense_backward_weight'> = ({ code, inputs: [dy, x], outputs: [dWeight, dBias] }) => {
  if (dy === undefined || x === undefined || dWeight === undefined) return false
  const [N = 0, K = 0] = dy.shape
  const D = x.shape[1] ?? 0
  const [dyRow, xRow] = [code.local('i32'), code.local('i32')]
  const pointers = [[dyRow, K * FLOAT_BYTES] as const, [xRow, D * FLOAT_BYTES] as const]
  const units = Array.from({ length: K }, (_, k) => k)
  for (const { start, lanes } of blocksOf(D)) {
    for (const group of groupsOf(units, SUMS_MAX)) {
      const sums = group.map(() => code.local('v128'))
      for (const sum of sums) code.constant(0).set(sum)
      code.repeat(N, pointers, () => {
        const scalars = group.map((k) => ({ address: dy.address + k * FLOAT_BYTES, pointer: dyRow }))
        const vector = { address: x.address + start * FLOAT_BYTES, pointer: xRow }
        emitAccumulate(code, sums, scalars, [vector])
      })
      group.forEach((k, i) => {
        code.store({ address: dWeight.address + (k * D + start) * FLOAT_BYTES }, sums[i]!, lanes)
      })
    }
  }
  if (dBias === undefined) return true
  for (const { start, lanes } of blocksOf(K)) {
    const sum = code.local('v128')
    code.constant(0).set(sum)
    code.repeat(N, [[dyRow, K * FLOAT_BYTES]], () =>
      code
        .get(sum)
        .load({ address: dy.address + start * FLOAT_BYTES, pointer: dyRow })
        .vector('add')
        .set(sum),
    )
    code.store({ address: dBias.address + start * FLOAT_BYTES }, sum, lanes)
  }
  return true
}
