// Sweep: shapes, errors, costs and serialization of every op over its samples.

import { describe, expect, it } from 'vitest'
import { elementCount } from '../core/tensor.ts'
import { OP_NAMES, type OpAttributes, type OpName, opOf, ShapeError } from './index.ts'

function thrownBy(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}

function sweep<K extends OpName>(name: K): void {
  const op = opOf(name)

  it('has samples and error samples', () => {
    expect(op.samples.length).toBeGreaterThan(0)
    expect(op.errors.length).toBeGreaterThan(0)
    expect(op.summary).not.toBe('')
    expect(op.formula).not.toBe('')
  })

  it.each(op.samples)('infers whole positive shapes and a cost: $name', ({ inputs, attributes }) => {
    const outputs = op.infer(inputs, attributes)
    expect(outputs.length).toBeGreaterThan(0)
    for (const { shape } of outputs) expect(shape.every((size) => Number.isInteger(size) && size > 0)).toBe(true)
    const cost = op.cost(inputs, outputs, attributes)
    const elements = [...inputs, ...outputs].reduce((sum, { shape }) => sum + elementCount(shape), 0)
    expect(cost.bytes).toBe(4 * elements)
    expect(Number.isInteger(cost.flops) && cost.flops >= 0).toBe(true)
  })

  it.each(op.samples)('takes attributes that went through JSON: $name', ({ inputs, attributes }) => {
    const copy = JSON.parse(JSON.stringify(attributes)) as OpAttributes<K>
    expect(op.infer(inputs, copy)).toEqual(op.infer(inputs, attributes))
  })

  it.each(op.samples)('runs in place only where sizes agree: $name', ({ inputs, attributes }) => {
    const outputs = op.infer(inputs, attributes)
    for (const [output, input] of op.inPlace) {
      const [to, from] = [outputs[output], inputs[input]]
      // Optional state, such as velocity.
      if (op.updates !== undefined && to === undefined) continue
      expect(elementCount(to?.shape ?? [])).toBe(elementCount(from?.shape ?? [0]))
    }
  })

  it.each(op.errors.map((sample, i) => ({ ...sample, i })))('refuses error sample $i: $code', ({ inputs, attributes, code }) => {
    const error = thrownBy(() => op.infer(inputs, attributes))
    expect(error).toBeInstanceOf(ShapeError)
    if (!(error instanceof ShapeError)) return
    expect(error.code).toBe(code)
    expect(error.message).toMatch(/expected|\d/)
    expect(error.hint).toMatch(/\.$/)
  })
}

describe.each(OP_NAMES)('%s', (name) => sweep(name))
