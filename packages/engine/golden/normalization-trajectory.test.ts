// Ten steps of normalized networks on both backends against PyTorch's: parameters, running statistics, and the loss of an evaluation after.

import { readFileSync } from 'node:fs'
import { type Backend, createReferenceBackend, openOnednn } from '@trainyard/engine/backends'
import { buildModel } from '@trainyard/engine/plan'
import { parseHeader, readTensor } from '@trainyard/engine/safetensors'
import { buildGraph, type ModelSpecInput, modelSpecSchema, trainingConfigSchema } from '@trainyard/engine/spec'
import { createSession } from '@trainyard/engine/train'
import { describe, expect, it } from 'vitest'

const STEPS = 10
const BATCH = 16
/** Real rows of the last batch of a case; the others are full. */
const HALF = BATCH / 2

const bytes = readFileSync(new URL('normalization-trajectory.safetensors', import.meta.url))
const header = parseHeader(bytes, { fileBytes: bytes.length })

interface Case {
  readonly name: string
  readonly learningRate: number
  readonly spec: ModelSpecInput
  readonly lastCount: number
}

const CASES: readonly Case[] = [
  {
    name: 'images',
    learningRate: 0.05,
    lastCount: HALF,
    spec: {
      version: 1,
      input: { shape: [2, 8, 8] },
      layers: [
        { type: 'conv2d', filters: 6, kernel: 3, padding: 1, bias: false },
        { type: 'batch_norm' },
        { type: 'relu' },
        { type: 'max_pool2d' },
        { type: 'conv2d', filters: 5, kernel: 3 },
        { type: 'batch_norm', epsilon: 0.001, momentum: 0.3 },
        { type: 'relu' },
        { type: 'flatten' },
        { type: 'dense', units: 12 },
        { type: 'batch_norm' },
        { type: 'relu' },
        { type: 'dense', units: 4 },
      ],
    },
  },
  {
    name: 'features',
    learningRate: 0.1,
    lastCount: BATCH,
    spec: {
      version: 1,
      input: { shape: [7] },
      layers: [{ type: 'dense', units: 9 }, { type: 'batch_norm' }, { type: 'tanh' }, { type: 'dense', units: 4 }],
    },
  },
  {
    name: 'rows',
    learningRate: 0.05,
    lastCount: BATCH,
    spec: {
      version: 1,
      input: { shape: [2, 6, 6] },
      layers: [
        { type: 'conv2d', filters: 5, kernel: 3 },
        { type: 'layer_norm' },
        { type: 'relu' },
        { type: 'flatten' },
        { type: 'dense', units: 12 },
        { type: 'layer_norm', epsilon: 0.001 },
        { type: 'relu' },
        { type: 'dense', units: 4 },
      ],
    },
  },
  {
    name: 'frozen',
    learningRate: 0.1,
    lastCount: BATCH,
    spec: {
      version: 1,
      input: { shape: [7] },
      layers: [{ type: 'dense', units: 9 }, { type: 'batch_norm', frozen: true }, { type: 'relu' }, { type: 'dense', units: 4 }],
    },
  },
]

function available(): Backend[] {
  const onednn = openOnednn()
  return onednn.available ? [createReferenceBackend(), onednn.backend] : [createReferenceBackend()]
}

describe.each(available())('normalization on $name', (backend) => {
  it.each(CASES)('goes the way of PyTorch: $name', ({ name, learningRate, spec, lastCount }) => {
    const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize: BATCH })
    const training = trainingConfigSchema.parse({ optimizer: { type: 'sgd', learning_rate: learningRate, momentum: 0.9 } })
    const session = createSession({ model: buildModel(graph, training), backend, threads: 2 })
    session.initialize(0)
    const initial = golden(`${name}.initial.`)
    expect([...initial.keys()].sort()).toEqual([...session.exportState().keys()].filter((key) => key.startsWith('model.')).sort())
    session.importState(initial, { strict: false })
    const samples = readTensor(bytes, header, `${name}.samples`, 'F32')
    const labels = readTensor(bytes, header, `${name}.labels`, 'I32')
    const expected = readTensor(bytes, header, `${name}.losses`, 'F64')
    const size = samples.length / STEPS
    const batchOf = (step: number, count: number) => ({
      samples: samples.slice(step * size, (step + 1) * size),
      targets: labels.slice(step * BATCH, (step + 1) * BATCH),
      count,
    })
    for (let step = 0; step < STEPS; step++) {
      session.trainStep(batchOf(step, step === STEPS - 1 ? lastCount : BATCH), learningRate, step + 1)
      expect(Math.abs((session.scalars[0] ?? Number.NaN) / (expected[step] ?? 0) - 1), `step ${step + 1}`).toBeLessThan(1e-5)
    }
    const state = session.exportState()
    for (const [tensor, { data }] of golden(`${name}.final.`)) {
      const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - (state.get(tensor)?.data[i] ?? Number.NaN))), 0)
      expect(worst / scale, tensor).toBeLessThan(1e-4)
    }
    session.evaluateBatch(batchOf(0, BATCH))
    const [evaluation = Number.NaN] = readTensor(bytes, header, `${name}.evaluation`, 'F64')
    expect(Math.abs((session.scalars[0] ?? Number.NaN) / evaluation - 1)).toBeLessThan(1e-5)
    session.close()
  })
})

/** PyTorch's state_dict under a prefix of the golden file, as session state. */
function golden(prefix: string) {
  const names = [...header.tensors.keys()].filter((key) => key.startsWith(prefix))
  return new Map(
    names.map((key) => [
      `model.${key.slice(prefix.length)}`,
      { shape: header.tensors.get(key)?.shape ?? [], data: readTensor(bytes, header, key, 'F32') },
    ]),
  )
}
