// Runs one op on given numbers: for examples whose result is known from elsewhere.

import type { Backend, NumericArray } from '../backends/backend.ts'
import { elementCount, type Shape } from '../core/tensor.ts'
import { type OpAttributes, type OpName, opOf, ProgramBuilder } from '../ops/index.ts'

export interface Given {
  readonly shape: Shape
  readonly values: NumericArray
}

/** A real tensor. @example tensor([2, 2], [1, 2, 3, 4]) */
export function tensor(shape: Shape, values: readonly number[]): Given {
  return { shape, values: Float64Array.from(values) }
}

/** Class labels. */
export function labels(...values: readonly number[]): Given {
  return { shape: [values.length], values: Int32Array.from(values) }
}

/** Values of the real outputs; for updates those of the updated tensors. */
export function runOp<K extends OpName>(
  backend: Backend,
  op: K,
  given: readonly Given[],
  attributes: OpAttributes<K>,
): readonly (readonly number[])[] {
  const builder = new ProgramBuilder()
  const inputs = given.map(({ shape, values }, i) =>
    builder.tensor(`input${i}`, { shape, type: values instanceof Int32Array ? 'index' : 'real' }, 'input'),
  )
  const inPlace = opOf(op).updates?.flatMap((position) => inputs[position] ?? [])
  if (inPlace !== undefined) builder.append(op, inputs, inPlace, attributes, 'example')
  const outputs = inPlace ?? builder.emit(op, inputs, attributes, { origin: 'example', role: 'output' })
  const phases = { train: builder.nodes, evaluate: [], predict: [] }
  const executable = backend.compile({ batchSize: 1, tensors: builder.tensors, segments: [], phases }, { threads: 1 })
  inputs.forEach((id, i) => {
    executable.write(id, given[i]?.values ?? new Float64Array(0))
  })
  executable.run('train')
  const real = outputs.filter((id) => builder.type(id).type === 'real')
  const results = real.map((id) => {
    const into = new Float64Array(elementCount(builder.type(id).shape))
    executable.read(id, into)
    return [...into]
  })
  executable.close()
  return results
}
