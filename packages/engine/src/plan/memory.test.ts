import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProgramNode } from '../core/program.ts'
import { elementCount, type TensorId } from '../core/tensor.ts'
import { opOf, ProgramBuilder } from '../ops/index.ts'
import { type MemoryPlan, planMemory } from './index.ts'

const options = { origin: 'test' }

interface Choice {
  readonly kind: number
  readonly a: number
  readonly b: number
}

/** A program of dense, activation, add, reshape and softmax ops over tensors that came before; the last one is an output. */
function randomProgram(choices: readonly Choice[]): ProgramBuilder {
  const builder = new ProgramBuilder()
  const weight = builder.tensor('weight', { shape: [8, 4], type: 'real' }, 'parameter')
  const available = [builder.tensor('x', { shape: [2, 4], type: 'real' }, 'input')]
  const pick = (index: number): TensorId => available[index % available.length] ?? 0
  for (const { kind, a, b } of choices) {
    const x = pick(a)
    const { shape } = builder.type(x)
    const same = available.filter((id) => builder.type(id).shape.join() === shape.join())
    const other = same[b % same.length] ?? x
    const emitted = [
      () => builder.emit('activation', [x], { function: 'relu', alpha: 0 }, options),
      () => builder.emit('add', [x, other], {}, options),
      () => builder.emit('activation_backward', [x, other], { function: 'tanh', alpha: 0 }, options),
      () => builder.emit('reshape', [x], { shape: [elementCount(shape) / 4, 4] }, options),
      () => builder.emit('softmax', [x], {}, options),
      () => (shape[1] === 4 ? builder.emit('dense', [x, weight], {}, options) : builder.emit('softmax', [x], {}, options)),
    ][kind % 6]?.()
    if (emitted !== undefined) available.push(...emitted)
  }
  builder.emit('activation', [pick(available.length - 1)], { function: 'relu', alpha: 0 }, { ...options, role: 'output' })
  return builder
}

const bytesOf = (builder: ProgramBuilder) => (id: TensorId) => 4 * elementCount(builder.type(id).shape)

function plan(builder: ProgramBuilder): MemoryPlan {
  return planMemory({ nodes: builder.nodes, tensors: builder.tensors, bytesOf: bytesOf(builder) })
}

/**
 * Runs the program over names instead of numbers: each byte of memory holds whose value lies there. Fails where a node reads a
 * value that another has overwritten. Does not share any code with the planner.
 */
function simulate(builder: ProgramBuilder, { places, arenaBytes }: MemoryPlan): void {
  const memory = new Int32Array(arenaBytes / 4).fill(-1)
  /** The tensor whose elements a reshape hands on. */
  const source = new Map<TensorId, TensorId>()
  const heldBy = (id: TensorId): TensorId => source.get(id) ?? id
  const cells = (id: TensorId): Int32Array | null => {
    const place = places.get(id)
    if (place?.kind !== 'arena') return null
    expect(place.offset % 64).toBe(0)
    const start = place.offset / 4
    const end = start + elementCount(builder.type(id).shape)
    expect(end).toBeLessThanOrEqual(memory.length)
    return memory.subarray(start, end)
  }
  for (const node of builder.nodes) {
    for (const input of node.inputs) expect(new Set(cells(input) ?? [heldBy(input)])).toEqual(new Set([heldBy(input)]))
    expectLegalInPlace(builder, node, places)
    for (const output of node.outputs) {
      if (node.op === 'reshape') source.set(output, heldBy(node.inputs[0] ?? -1))
      cells(output)?.fill(heldBy(output))
    }
  }
}

/** An op may overwrite an input only where its contract says so. */
function expectLegalInPlace(builder: ProgramBuilder, node: ProgramNode, places: MemoryPlan['places']): void {
  if (node.op === 'reshape') return
  node.outputs.forEach((output, to) => {
    const place = places.get(output)
    if (place?.kind !== 'arena') {
      expect(builder.type(output).role).toBe('output')
      return
    }
    const end = place.offset + bytesOf(builder)(output)
    node.inputs.forEach((input, from) => {
      const other = places.get(input)
      if (other?.kind !== 'arena' || other.offset >= end || place.offset >= other.offset + bytesOf(builder)(input)) return
      expect(opOf(node.op).inPlace).toContainEqual([to, from])
    })
  })
}

describe('planMemory', () => {
  it('never gives away memory that is still read', () => {
    const choice = fc.record({ kind: fc.nat(5), a: fc.nat(30), b: fc.nat(30) })
    fc.assert(
      fc.property(fc.array(choice, { maxLength: 25 }), (choices) => {
        const builder = randomProgram(choices)
        simulate(builder, plan(builder))
      }),
      { numRuns: 500 },
    )
  })

  it('runs a chain of activations in one place', () => {
    const builder = new ProgramBuilder()
    let x = builder.tensor('x', { shape: [16], type: 'real' }, 'input')
    for (let i = 0; i < 5; i++) [x = x] = builder.emit('activation', [x], { function: 'relu', alpha: 0 }, options)
    expect(plan(builder).arenaBytes).toBe(64)
  })

  it('does not overwrite what is read later', () => {
    const builder = new ProgramBuilder()
    const x = builder.tensor('x', { shape: [16], type: 'real' }, 'input')
    const [a = x] = builder.emit('activation', [x], { function: 'relu', alpha: 0 }, options)
    const [b = x] = builder.emit('activation', [a], { function: 'tanh', alpha: 0 }, options)
    builder.emit('add', [a, b], {}, options)
    expect(plan(builder).arenaBytes).toBe(128)
  })

  it('never overwrites an input, and a view of one is that input', () => {
    const builder = new ProgramBuilder()
    const x = builder.tensor('x', { shape: [4, 4], type: 'real' }, 'input')
    const [view = x] = builder.emit('reshape', [x], { shape: [16] }, options)
    const [y = x] = builder.emit('activation', [view], { function: 'relu', alpha: 0 }, options)
    const { places } = plan(builder)
    expect(places.get(view)).toEqual({ kind: 'alias', of: x })
    expect(places.get(y)).toEqual({ kind: 'arena', offset: 0 })
  })

  it('reuses memory of values that nobody reads any more', () => {
    const builder = new ProgramBuilder()
    const weight = builder.tensor('weight', { shape: [64, 64], type: 'real' }, 'parameter')
    let x = builder.tensor('x', { shape: [8, 64], type: 'real' }, 'input')
    for (let i = 0; i < 10; i++) [x = x] = builder.emit('dense', [x, weight], {}, options)
    expect(plan(builder).arenaBytes).toBe(2 * 8 * 64 * 4)
  })

  it('refuses a phase that reads what it does not compute', () => {
    const builder = new ProgramBuilder()
    const x = builder.tensor('x', { shape: [16], type: 'real' }, 'activation')
    builder.emit('activation', [x], { function: 'relu', alpha: 0 }, options)
    expect(() => plan(builder)).toThrow(/test: activation reads x/)
  })
})
