// Ten steps of a network for each family of layers that changes shapes, on both backends against PyTorch's.

import { readFileSync } from 'node:fs'
import { type Backend, createReferenceBackend, openOnednn } from '@trainyard/engine/backends'
import { buildModel } from '@trainyard/engine/plan'
import { parseHeader, readTensor } from '@trainyard/engine/safetensors'
import { buildGraph, type ModelSpecInput, modelSpecSchema, trainingConfigSchema } from '@trainyard/engine/spec'
import { createSession } from '@trainyard/engine/train'
import { describe, expect, it } from 'vitest'

const STEPS = 10
const BATCH = 16
const LEARNING_RATE = 0.05

const bytes = readFileSync(new URL('shapes-trajectory.safetensors', import.meta.url))
const header = parseHeader(bytes, { fileBytes: bytes.length })

const relu = { type: 'relu' } as const
const same = (filters: number, kernel = 3) => ({ type: 'conv2d', filters, kernel, padding: 'same' }) as const
const bare = (filters: number, stride = 1) => ({ type: 'conv2d', filters, kernel: 3, stride, padding: 1, bias: false }) as const
const head = { type: 'dense', units: 4 } as const
const chain = (shape: number[], layers: Extract<ModelSpecInput, { layers: unknown }>['layers']): ModelSpecInput => ({
  version: 1,
  input: { shape },
  layers,
})

const CASES: readonly { readonly name: string; readonly spec: ModelSpecInput }[] = [
  {
    name: 'transposed',
    spec: chain(
      [2, 6, 6],
      [
        { type: 'conv2d', filters: 5, kernel: 3, stride: 2, padding: 1 },
        relu,
        { type: 'conv_transpose2d', filters: 8, kernel: 4, stride: 2, padding: 1 },
        relu,
        { type: 'conv_transpose2d', filters: 6, kernel: 3, stride: 2, padding: 1, output_padding: [1, 0], groups: 2, bias: false },
        relu,
        { type: 'conv_transpose2d', filters: 3, kernel: [3, 2], dilation: 2 },
        { type: 'flatten' },
        head,
      ],
    ),
  },
  {
    name: 'average',
    spec: chain(
      [2, 12, 10],
      [
        same(6),
        relu,
        { type: 'avg_pool2d' },
        same(5),
        relu,
        { type: 'avg_pool2d', kernel: 3, stride: 2, padding: 1, count_include_pad: false },
        { type: 'avg_pool2d', kernel: 2, stride: 1, padding: 1 },
        { type: 'global_avg_pool2d' },
        head,
      ],
    ),
  },
  {
    name: 'upsample',
    spec: chain(
      [2, 4, 3],
      [
        same(5),
        relu,
        { type: 'upsample' },
        same(6),
        relu,
        { type: 'upsample', scale: [3, 2], mode: 'bilinear' },
        { type: 'conv2d', filters: 2, kernel: 3 },
        relu,
        { type: 'flatten' },
        head,
      ],
    ),
  },
  {
    name: 'depthwise',
    spec: chain(
      [3, 9, 9],
      [
        { ...same(6), groups: 3 },
        relu,
        same(8, 1),
        relu,
        { ...same(8), dilation: 2, groups: 8, bias: false },
        relu,
        { type: 'conv2d', filters: 10, kernel: 3, stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2 },
        relu,
        { type: 'global_max_pool2d' },
        head,
      ],
    ),
  },
  {
    name: 'residual',
    spec: chain(
      [3, 8, 8],
      [
        bare(4),
        relu,
        {
          type: 'sequential',
          id: 'layer1',
          layers: [
            {
              type: 'residual',
              layers: [bare(8, 2), relu, bare(8)],
              shortcut: [{ type: 'conv2d', filters: 8, kernel: 1, stride: 2, bias: false }],
              activation: 'relu',
            },
            { type: 'residual', layers: [bare(8), relu, bare(8)], activation: 'relu' },
          ],
        },
        {
          type: 'residual',
          id: 'block',
          layers: [bare(12, 2), relu, bare(12)],
          shortcut: [
            { type: 'avg_pool2d', kernel: 1, stride: 2 },
            { type: 'pad_channels', before: 2, after: 2 },
          ],
          activation: 'relu',
        },
        { type: 'global_avg_pool2d' },
        head,
      ],
    ),
  },
  {
    name: 'concatenate',
    spec: {
      version: 1,
      inputs: { image: { shape: [3, 8, 8] } },
      nodes: [
        { id: 'stem', ...same(8), inputs: ['image'] },
        { id: 'x', ...relu, inputs: ['stem'] },
        { id: 'one', ...same(4, 1), inputs: ['x'] },
        { id: 'a', ...relu, inputs: ['one'] },
        { id: 'three', ...same(5), inputs: ['x'] },
        { id: 'b', ...relu, inputs: ['three'] },
        { id: 'c', type: 'max_pool2d', kernel: 3, stride: 1, padding: 1, inputs: ['x'] },
        { id: 'joined', type: 'concatenate', inputs: ['a', 'b', 'c'] },
        { id: 'mean', type: 'global_avg_pool2d', inputs: ['joined'] },
        { id: 'most', type: 'global_max_pool2d', inputs: ['joined'] },
        { id: 'both', type: 'concatenate', inputs: ['mean', 'most'] },
        { id: 'head', ...head, inputs: ['both'] },
      ],
      outputs: ['head'],
    },
  },
]

/** Ours → PyTorch's, where its names come from a module of its own for each layer. */
const RENAMED: Readonly<Record<string, string>> = { 'block.conv1.weight': 'conv2.weight', 'block.conv2.weight': 'conv3.weight' }

function available(): Backend[] {
  const onednn = openOnednn()
  return onednn.available ? [createReferenceBackend(), onednn.backend] : [createReferenceBackend()]
}

describe.each(available())('shapes on $name', (backend) => {
  it.each(CASES)('go the way of PyTorch: $name', ({ name, spec }) => {
    const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize: BATCH })
    const training = trainingConfigSchema.parse({ optimizer: { type: 'sgd', learning_rate: LEARNING_RATE, momentum: 0.9 } })
    const session = createSession({ model: buildModel(graph, training), backend, threads: 2 })
    session.initialize(0)
    const parameters = graph.parameters.map((parameter) => parameter.name)
    const golden = (part: string, parameter: string) =>
      readTensor(bytes, header, `${name}.${part}.${RENAMED[parameter] ?? parameter}`, 'F32')
    session.importState(
      new Map(graph.parameters.map(({ name: own, shape }) => [`model.${own}`, { shape, data: golden('initial', own) }])),
      { strict: false },
    )
    const samples = readTensor(bytes, header, `${name}.samples`, 'F32')
    const labels = readTensor(bytes, header, `${name}.labels`, 'I32')
    const expected = readTensor(bytes, header, `${name}.losses`, 'F64')
    const size = samples.length / STEPS
    for (let step = 0; step < STEPS; step++) {
      const batch = {
        samples: samples.slice(step * size, (step + 1) * size),
        targets: labels.slice(step * BATCH, (step + 1) * BATCH),
        count: BATCH,
      }
      session.trainStep(batch, LEARNING_RATE, step + 1)
      expect(Math.abs((session.scalars[0] ?? Number.NaN) / (expected[step] ?? 0) - 1), `step ${step + 1}`).toBeLessThan(1e-5)
    }
    const state = session.exportState()
    for (const parameter of parameters) {
      const data = golden('final', parameter)
      const ours = state.get(`model.${parameter}`)?.data ?? new Float32Array()
      const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
      const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - (ours[i] ?? Number.NaN))), 0)
      expect(worst / scale, parameter).toBeLessThan(1e-4)
    }
    session.close()
  })
})
