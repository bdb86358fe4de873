// Every loss against PyTorch in float64 (golden/losses.py made the truth), with padding after the rows, and its training on both backends.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { differentiate } from '../autodiff/index.ts'
import { createReferenceBackend, openOnednn } from '../backends/index.ts'
import { elementCount, type TensorId } from '../core/tensor.ts'
import { ProgramBuilder } from '../ops/index.ts'
import { buildModel } from '../plan/index.ts'
import { buildGraph } from '../spec/build-graph.ts'
import { type LossConfig, lossConfigSchema } from '../spec/loss-config.ts'
import { modelSpecSchema } from '../spec/model-spec.ts'
import { type TrainingConfigInput, trainingConfigSchema } from '../spec/training-config.ts'
import { createSession } from '../train/index.ts'
import { LOSSES, lossRule } from './index.ts'

interface Golden {
  readonly name: string
  readonly loss: unknown
  readonly output: readonly (readonly number[])[]
  readonly targets: readonly number[] | readonly (readonly number[])[]
  readonly value: number
  readonly gradient: readonly (readonly number[])[]
}

const GOLDEN: readonly Golden[] = JSON.parse(readFileSync(new URL('../../golden/losses.golden.json', import.meta.url), 'utf8'))
const float64 = createReferenceBackend({ real: 'float64' })

/** Value and gradient of a loss over the first `rows` rows; the rows after them are padding. */
function evaluate<L extends LossConfig>(config: L, { output, targets }: Golden, rows: number, padding: number) {
  const rule = lossRule(config.type)
  const builder = new ProgramBuilder()
  const shape = [rows + padding, output[0]?.length ?? 0]
  const outputId = builder.tensor('output', { shape, type: 'real' }, 'input')
  const targetType = rule.targets({ shape, type: 'real' })
  const targetId = builder.tensor('targets', targetType, 'input')
  const count = builder.tensor('count', { shape: [1], type: 'real' }, 'input')
  const loss = rule.value(builder, { output: outputId, targets: targetId, count, suffix: '' }, config as never)
  const seed = builder.tensor('seed', { shape: [1], type: 'real' }, 'input')
  const gradient = differentiate(builder, { nodes: [...builder.nodes], seeds: new Map([[loss, seed]]), by: [outputId] }).get(outputId)
  if (gradient === undefined) throw new Error('no gradient')
  builder.assignRole(gradient, 'output')
  const phases = { train: builder.nodes, evaluate: [], predict: [] }
  const executable = float64.compile({ batchSize: 1, tensors: builder.tensors, segments: [], phases }, { threads: 1 })
  const write = (id: TensorId, values: readonly number[], filler: number) => {
    const into = new Float64Array(elementCount(builder.type(id).shape)).fill(filler)
    into.set(values)
    executable.write(id, builder.type(id).type === 'index' ? Int32Array.from(into) : into)
  }
  write(outputId, output.flat(), 77)
  write(targetId, targets.flat(), 0)
  write(count, [rows], 0)
  write(seed, [1], 0)
  executable.run('train')
  const read = (id: TensorId) => {
    const into = new Float64Array(elementCount(builder.type(id).shape))
    executable.read(id, into)
    return [...into]
  }
  return { value: read(loss)[0] ?? Number.NaN, gradient: read(gradient) }
}

const close = (actual: number, expected: number) => Math.abs(actual - expected) <= 1e-12 * Math.max(1, Math.abs(expected))

describe('a loss has the value and gradient of PyTorch', () => {
  it.each(GOLDEN.flatMap((golden) => [0, 3].map((padding) => ({ ...golden, golden, padding }))))(
    '$name, $padding rows of padding',
    ({ golden, padding }) => {
      const rows = golden.output.length
      const { value, gradient } = evaluate(lossConfigSchema.parse(golden.loss), golden, rows, padding)
      expect(close(value, golden.value), `${value} for ${golden.value}`).toBe(true)
      const expected = [...golden.gradient.flat(), ...new Array<number>(padding * (golden.output[0]?.length ?? 0)).fill(0)]
      expect(gradient).toHaveLength(expected.length)
      gradient.forEach((g, i) => {
        expect(close(g, expected[i] ?? Number.NaN), `gradient ${i}: ${g} for ${expected[i]}`).toBe(true)
      })
    },
  )

  it('for all losses that there are', () => {
    expect([...new Set(GOLDEN.map(({ loss }) => lossConfigSchema.parse(loss).type))].sort()).toEqual(Object.keys(LOSSES).sort())
  })
})

describe('binary cross-entropy is logistic loss', () => {
  it('equals softmax cross-entropy over the logits 0 and o', () => {
    const logits = [-3.5, 0, 0.25, 40]
    const bits = [1, 0, 1, 0]
    const base = { name: '', loss: null, value: 0, gradient: [] }
    const binary = evaluate(
      lossConfigSchema.parse({ type: 'binary_cross_entropy' }),
      { ...base, output: logits.map((o) => [o]), targets: bits },
      4,
      0,
    )
    const softmax = evaluate(
      lossConfigSchema.parse({ type: 'softmax_cross_entropy' }),
      { ...base, output: logits.map((o) => [0, o]), targets: bits },
      4,
      0,
    )
    expect(close(binary.value, softmax.value)).toBe(true)
  })
})

describe('every loss', () => {
  const opened = openOnednn()
  const backends = [createReferenceBackend(), ...(opened.available ? [opened.backend] : [])]
  const spec = (outputs: number) =>
    modelSpecSchema.parse({ version: 1, preset: { name: 'mlp', options: { sizes: [3, 5, outputs], activation: 'tanh' } } })

  describe.each(backends)('on $name', (backend) => {
    it.each(GOLDEN)('is lowered by training: $name', ({ loss, output, targets }) => {
      const training = trainingConfigSchema.parse({ loss, optimizer: { type: 'sgd', learning_rate: 0.01 } })
      const rows = output.length
      const model = buildModel(buildGraph(spec(output[0]?.length ?? 0), { batchSize: rows }), training)
      const session = createSession({ model, backend, threads: 1 })
      session.initialize(3)
      const samples = Float32Array.from({ length: 3 * rows }, (_, i) => Math.sin(i + 1))
      const isIndex = model.program.tensors[model.bindings.heads[0]?.targets ?? -1]?.type === 'index'
      const batch = { samples, targets: isIndex ? Int32Array.from(targets.flat()) : Float32Array.from(targets.flat()), count: rows - 1 }
      const losses = Array.from({ length: 5 }, (_, i) => {
        session.trainStep(batch, 0.01, i + 1)
        return session.scalars[0] ?? Number.NaN
      })
      for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1] ?? Number.NaN)
      session.evaluateBatch(batch)
      expect(session.scalars[0]).toBeLessThan(losses.at(-1) ?? Number.NaN)
      session.close()
    })
  })
})

describe('a loss that is not defined everywhere', () => {
  const open = (loss: TrainingConfigInput['loss']) => {
    const spec = modelSpecSchema.parse({ version: 1, preset: { name: 'mlp', options: { sizes: [1, 2] } } })
    const training = trainingConfigSchema.parse({ loss, optimizer: { type: 'sgd', learning_rate: 0.01 } })
    return createSession({
      model: buildModel(buildGraph(spec, { batchSize: 2 }), training),
      backend: createReferenceBackend(),
      threads: 1,
    })
  }

  it.each([
    ['binary_cross_entropy', [0, 1, 0.5, 1], [-0.01, 1.01], '0 to 1'],
    ['kl_divergence', [0, 1, 0.5, 7], [-0.01], 'at least 0'],
  ] as const)('refuses targets outside of its range: %s', (type, allowed, refused, range) => {
    const session = open({ type })
    const batch = (targets: readonly number[], count = 2) => ({
      samples: Float32Array.of(1, 2),
      targets: Float32Array.from(targets),
      count,
    })
    session.evaluateBatch(batch(allowed))
    for (const target of refused) {
      expect(() => session.trainStep(batch([0, 1, 1, target]), 0.1, 1)).toThrow(`The loss is defined for targets of ${range}.`)
      // What stands in the padding does not matter.
      session.evaluateBatch(batch([0, 1, 1, target], 1))
    }
    session.close()
  })

  it('counts no right rows of images', () => {
    const spec = modelSpecSchema.parse({ version: 1, input: { shape: [1, 4, 4] }, layers: [{ type: 'conv2d', filters: 1, kernel: 3 }] })
    const training = trainingConfigSchema.parse({ loss: { type: 'binary_cross_entropy' } })
    expect(buildModel(buildGraph(spec, { batchSize: 2 }), training).bindings.heads[0]?.correct).toBeNull()
  })
})
