// Softmax cross-entropy and counts: four rows at a time, one lane each, so that nothing is summed across a vector. Rows past `count`, and
// lanes past the last row, hold any numbers: they are masked, never multiplied.

import type { CrossEntropyAttributes } from '../../../ops/attributes.ts'
import { type EmitContext, type Emitter, FLOAT_BYTES, LANES, VECTOR_BYTES, type VectorOperand } from './emitter.ts'
import { emitExp, emitLog } from './functions.ts'
import type { Local, Place, WasmCode } from './wasm-code.ts'

/** Classes up to which their loop is written out. */
const CLASSES_MAX = 32

/** Four rows of the batch, or the last few. */
interface Rows {
  /** Of a matrix [N, C]. */
  readonly element: (matrix: VectorOperand, lane: number, column: number) => Place
  /** Of a vector [N]. */
  readonly quad: (vector: VectorOperand) => Place
  /** Of scratch memory, C vectors for each four rows. */
  readonly kept: (address: number, column: number) => Place
  readonly lanes: number
  /** Lanes of rows that are real. */
  readonly isReal: Local
}

function emitRows(code: WasmCode, N: number, C: number, count: VectorOperand, body: (rows: Rows) => void): void {
  const [matrix, vector, kept] = [code.local('i32'), code.local('i32'), code.local('i32')]
  const [index, isReal, real] = [code.local('v128'), code.local('v128'), code.local('v128')]
  const whole = Math.floor(N / LANES)
  code.loadSplat(count).vector('toI32', 'fromI32').set(real)
  code.constantI32(0, 1, 2, 3).vector('fromI32').set(index)
  const emit = (rows: number, lanes: number, isLoop: boolean) => {
    const pointer = (local: Local) => (isLoop ? { pointer: local } : {})
    code.get(index).get(real).vector('less').set(isReal)
    body({
      element: ({ address }, lane, column) => ({
        address: address + ((rows + Math.min(lane, lanes - 1)) * C + column) * FLOAT_BYTES,
        ...pointer(matrix),
      }),
      quad: ({ address }) => ({ address: address + rows * FLOAT_BYTES, ...pointer(vector) }),
      kept: (address, column) => ({ address: address + (rows / LANES) * C * VECTOR_BYTES + column * VECTOR_BYTES, ...pointer(kept) }),
      lanes,
      isReal,
    })
    code.get(index).constant(LANES).vector('add').set(index)
  }
  const pointers = [
    [matrix, LANES * C * FLOAT_BYTES],
    [vector, VECTOR_BYTES],
    [kept, C * VECTOR_BYTES],
  ] as const
  code.repeat(whole, pointers, () => emit(0, LANES, whole > 1))
  if (N % LANES > 0) emit(whole * LANES, N % LANES, false)
}

/** Loads class c of the four rows into locals. */
function emitColumns(code: WasmCode, rows: Rows, logits: VectorOperand, C: number): readonly Local[] {
  return Array.from({ length: C }, (_, column) => {
    const x = code.local('v128')
    for (let lane = 0; lane < LANES; lane++) code.loadLane(rows.element(logits, lane, column), x, lane).set(x)
    return x
  })
}

/** Replaces logits by their exponentials less the maximum. Leaves the maximum and the sum. */
function emitExponentials(code: WasmCode, columns: readonly Local[], maximum: Local, sum: Local): void {
  columns.forEach((x, column) => {
    if (column === 0) code.get(x).set(maximum)
    else code.get(maximum).get(x).vector('max').set(maximum)
  })
  columns.forEach((x, column) => {
    code.get(x).get(maximum).vector('sub').set(x)
    emitExp(code, x)
    if (column === 0) code.get(x).set(sum)
    else code.get(sum).get(x).vector('add').set(sum)
  })
}

function emitIsClass(code: WasmCode, label: Local, column: number): void {
  code.get(label).constantI32(column, column, column, column).vector('equalI32')
}

/** Pushes the sum of four lanes. */
function emitStoreSum(code: WasmCode, sum: Local, into: Place, count: VectorOperand | null): void {
  const turned = code.local('v128')
  const scratch = { address: into.address }
  // In a fixed order: (0 + 1) + (2 + 3) by splats of single lanes.
  code.get(sum).lane(0).vector('splat').get(sum).lane(1).vector('splat', 'add')
  code.get(sum).lane(2).vector('splat').get(sum).lane(3).vector('splat', 'add').vector('add')
  if (count !== null) code.loadSplat(count).vector('div')
  code.set(turned).storeLane(scratch, turned, 0)
}

function isPlain({ labelSmoothing, classWeights }: CrossEntropyAttributes): boolean {
  return labelSmoothing === 0 && classWeights === null
}

export const softmaxCrossEntropy: Emitter<'softmax_cross_entropy'> = (context) => {
  const {
    code,
    inputs: [logits, labels, count],
    outputs: [loss],
    attributes,
    scratch,
    memo,
  } = context
  if (logits === undefined || labels === undefined || count === undefined || loss === undefined) return false
  const [N = 0, C = 0] = logits.shape
  if (!isPlain(attributes) || C > CLASSES_MAX) return false
  const probabilities = scratch(Math.ceil(N / LANES) * C * LANES)
  memo.set(logits.id, probabilities)
  const [total, maximum, sum, label, own] = ['v128', 'v128', 'v128', 'v128', 'v128'].map(() => code.local('v128'))
  code.constant(0).set(total!)
  emitRows(code, N, C, count, (rows) => {
    const columns = emitColumns(code, rows, logits, C)
    code.load(rows.quad(labels)).set(label!).constant(0).set(own!)
    columns.forEach((x, column) => {
      code.get(x).get(own!)
      emitIsClass(code, label!, column)
      code.vector('select').set(own!)
    })
    emitExponentials(code, columns, maximum!, sum!)
    columns.forEach((x, column) => {
      code.get(x).get(sum!).vector('div').set(x).store(rows.kept(probabilities, column), x)
    })
    emitLog(code, sum!)
    code.get(maximum!).get(sum!).vector('add').get(own!).vector('sub').get(rows.isReal).vector('and')
    code.get(total!).vector('add').set(total!)
  })
  emitStoreSum(code, total!, loss, count)
  return true
}

export const softmaxCrossEntropyBackward: Emitter<'softmax_cross_entropy_backward'> = ({
  code,
  inputs: [dLoss, logits, labels, count],
  outputs: [dLogits],
  attributes,
  memo,
}) => {
  if (dLoss === undefined || logits === undefined || labels === undefined || count === undefined || dLogits === undefined) return false
  const [N = 0, C = 0] = logits.shape
  const probabilities = memo.get(logits.id)
  if (!isPlain(attributes) || probabilities === undefined) return false
  const [scale, label, x] = [code.local('v128'), code.local('v128'), code.local('v128')]
  code.loadSplat(dLoss).loadSplat(count).vector('div').set(scale)
  emitRows(code, N, C, count, (rows) => {
    code.load(rows.quad(labels)).set(label)
    for (let column = 0; column < C; column++) {
      code.load(rows.kept(probabilities, column)).constant(1)
      emitIsClass(code, label, column)
      code.vector('and', 'sub').get(scale).vector('mul').get(rows.isReal).vector('and').set(x)
      for (let lane = 0; lane < rows.lanes; lane++) code.storeLane(rows.element(dLogits, lane, column), x, lane)
    }
  })
  return true
}

export const correctCount: Emitter<'correct_count'> = ({ code, inputs: [logits, labels, count], outputs: [correct] }: Context) => {
  if (logits === undefined || labels === undefined || count === undefined || correct === undefined) return false
  const [N = 0, C = 0] = logits.shape
  if (C > CLASSES_MAX) return false
  const [total, best, place, isMore] = ['v128', 'v128', 'v128', 'v128'].map(() => code.local('v128'))
  code.constant(0).set(total!)
  emitRows(code, N, C, count, (rows) => {
    const columns = emitColumns(code, rows, logits, C)
    columns.forEach((x, column) => {
      if (column === 0) {
        code.get(x).set(best!).constantI32(0, 0, 0, 0).set(place!)
        return
      }
      code.get(x).get(best!).vector('greater').set(isMore!)
      code.constantI32(column, column, column, column).get(place!).get(isMore!).vector('select').set(place!)
      code.get(x).get(best!).get(isMore!).vector('select').set(best!)
    })
    code.load(rows.quad(labels)).get(place!).vector('equalI32').get(rows.isReal).vector('and').constant(1).vector('and')
    code.get(total!).vector('add').set(total!)
  })
  emitStoreSum(code, total!, correct, null)
  return true
}

type Context = EmitContext<Readonly<Record<string, never>>>
