import { describe, expect, it } from 'vitest'
import { createReferenceBackend } from '../backends/index.ts'
import type { TensorId } from '../core/tensor.ts'
import { type OpName, ProgramBuilder } from '../ops/index.ts'
import { differentiate } from './index.ts'

const options = { origin: 'test' }

function single([tensor]: readonly TensorId[]): TensorId {
  if (tensor === undefined) throw new Error('no output')
  return tensor
}

/** Inputs and weights of two dense layers with an activation between. */
function chain() {
  const builder = new ProgramBuilder()
  const real = (name: string, ...shape: number[]) => builder.tensor(name, { shape, type: 'real' }, 'parameter')
  const x = builder.tensor('x', { shape: [3, 2], type: 'real' }, 'input')
  const [first, bias, second] = [real('first', 4, 2), real('bias', 4), real('second', 1, 4)]
  const hidden = single(
    builder.emit('activation', [single(builder.emit('dense', [x, first, bias], {}, options))], { function: 'tanh', alpha: 0 }, options),
  )
  const y = single(builder.emit('dense', [hidden, second], {}, options))
  const dy = builder.tensor('dy', builder.type(y), 'input')
  const forward = builder.nodes.length
  return { builder, first, bias, second, y, dy, added: (): OpName[] => builder.nodes.slice(forward).map(({ op }) => op) }
}

describe('differentiate', () => {
  it('goes backwards once and computes nothing for the data', () => {
    const { builder, first, bias, second, y, dy, added } = chain()
    const gradients = differentiate(builder, { nodes: builder.nodes, seeds: new Map([[y, dy]]), by: [first, bias, second] })
    expect(added()).toEqual(['dense_backward_data', 'dense_backward_weight', 'activation_backward', 'dense_backward_weight'])
    for (const id of [first, bias, second]) {
      expect(builder.type(gradients.get(id) ?? -1).shape).toEqual(builder.type(id).shape)
    }
  })

  it('stops at the first layer that is learned', () => {
    const { builder, second, y, dy, added } = chain()
    const gradients = differentiate(builder, { nodes: builder.nodes, seeds: new Map([[y, dy]]), by: [second] })
    expect(added()).toEqual(['dense_backward_weight'])
    expect([...gradients.keys()]).toEqual([second])
  })

  it('passes through a frozen layer to a learned one', () => {
    const { builder, first, y, dy, added } = chain()
    differentiate(builder, { nodes: builder.nodes, seeds: new Map([[y, dy]]), by: [first] })
    expect(added()).toEqual(['dense_backward_data', 'activation_backward', 'dense_backward_weight'])
    expect(builder.nodes.at(-1)?.attributes).toEqual({ bias: false })
  })

  it('gives nothing for a tensor that the result does not depend on', () => {
    const { builder, first, y, dy } = chain()
    const unused = builder.tensor('unused', { shape: [2], type: 'real' }, 'parameter')
    const gradients = differentiate(builder, { nodes: builder.nodes, seeds: new Map([[y, dy]]), by: [first, unused] })
    expect([...gradients.keys()]).toEqual([first])
  })

  it('sums over all uses of a tensor', () => {
    // y = tanh(x) + (x + x): dy/dx = 1 − tanh²(x) + 2
    const builder = new ProgramBuilder()
    const x = builder.tensor('x', { shape: [3], type: 'real' }, 'input')
    const dy = builder.tensor('dy', { shape: [3], type: 'real' }, 'input')
    const [t] = builder.emit('activation', [x], { function: 'tanh', alpha: 0 }, options)
    const [twice] = builder.emit('add', [x, x], {}, options)
    const [y] = builder.emit('add', [t ?? -1, twice ?? -1], {}, { ...options, role: 'output' })
    const gradients = differentiate(builder, { nodes: builder.nodes, seeds: new Map([[y ?? -1, dy]]), by: [x] })
    const dx = gradients.get(x) ?? -1
    builder.assignRole(dx, 'output')
    const phases = { train: builder.nodes, evaluate: [], predict: [] }
    const program = { batchSize: 3, tensors: builder.tensors, segments: [], phases }
    const executable = createReferenceBackend({ real: 'float64' }).compile(program, { threads: 1 })
    const values = [-1, 0, 0.5]
    executable.write(x, Float64Array.from(values))
    executable.write(dy, new Float64Array([1, 1, 1]))
    executable.run('train')
    const result = new Float64Array(3)
    executable.read(dx, result)
    values.forEach((value, i) => {
      expect(result[i]).toBeCloseTo(3 - Math.tanh(value) ** 2, 12)
    })
  })

  it('refuses to go through an op without derivative', () => {
    const builder = new ProgramBuilder()
    const x = builder.tensor('x', { shape: [2, 3], type: 'real' }, 'parameter')
    const y = single(builder.emit('softmax_backward', [x, x], {}, { origin: 'layers[7]' }))
    const dy = builder.tensor('dy', builder.type(y), 'input')
    expect(() => differentiate(builder, { nodes: builder.nodes, seeds: new Map([[y, dy]]), by: [x] })).toThrow(
      /layers\[7\]: softmax_backward has no derivative/,
    )
  })
})
