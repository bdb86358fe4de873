// Ten steps of LeNet-5 on both backends against PyTorch's, from the same weights and batches. The script beside this file made the truth.

import { readFileSync } from 'node:fs'
import type { Backend } from '@trainyard/engine/backends'
import { createReferenceBackend, openOnednn } from '@trainyard/engine/backends'
import { buildModel } from '@trainyard/engine/plan'
import { parseHeader, readTensor } from '@trainyard/engine/safetensors'
import { buildGraph, type OptimizerConfig, optimizerConfigSchema } from '@trainyard/engine/spec'
import { createSession, type Session, type StateTensors } from '@trainyard/engine/train'
import { describe, expect, it } from 'vitest'

const STEPS = 10
const BATCH = 64
const PIXELS = 28 * 28

const bytes = readFileSync(new URL('lenet5-trajectory.safetensors', import.meta.url))
const header = parseHeader(bytes, { fileBytes: bytes.length })

const OPTIMIZERS: Record<string, OptimizerConfig> = {
  sgd: optimizerConfigSchema.parse({ type: 'sgd', learning_rate: 0.1, momentum: 0.9 }),
  adam: optimizerConfigSchema.parse({ type: 'adam', learning_rate: 0.003 }),
}

/** PyTorch's parameters under a prefix of the golden file, as session state. */
function golden(prefix: string): StateTensors {
  const names = [...header.tensors.keys()].filter((name) => name.startsWith(prefix))
  return new Map(
    names.map((name) => [
      `model.${name.slice(prefix.length)}`,
      { shape: header.tensors.get(name)?.shape ?? [], data: readTensor(bytes, header, name, 'F32') },
    ]),
  )
}

function trajectory(session: Session, learningRate: number): number[] {
  const samples = readTensor(bytes, header, 'samples', 'U8')
  const labels = readTensor(bytes, header, 'labels', 'I32')
  return Array.from({ length: STEPS }, (_, step) => {
    const images = samples.subarray(step * BATCH * PIXELS, (step + 1) * BATCH * PIXELS)
    const batch = {
      samples: Float32Array.from(images, (pixel) => (pixel / 255) * 4 - 1),
      targets: labels.slice(step * BATCH, (step + 1) * BATCH),
      count: BATCH,
    }
    session.trainStep(batch, learningRate, step + 1)
    return session.scalars[0] ?? Number.NaN
  })
}

function available(): Backend[] {
  const onednn = openOnednn()
  return onednn.available ? [createReferenceBackend(), onednn.backend] : [createReferenceBackend()]
}

describe.each(available())('LeNet-5 on $name', (backend) => {
  it.each(Object.entries(OPTIMIZERS))('goes the way of PyTorch with %s', (name, optimizer) => {
    const graph = buildGraph({ version: 1, preset: { name: 'lenet5' } }, { batchSize: BATCH })
    const session = createSession({
      model: buildModel(graph, { loss: { type: 'softmax_cross_entropy', label_smoothing: 0 }, optimizer }),
      backend,
      threads: 2,
    })
    session.initialize(0)
    session.importState(golden('initial.'), { strict: false })
    const expected = readTensor(bytes, header, `losses.${name}`, 'F64')
    const losses = trajectory(session, optimizer.learning_rate)
    losses.forEach((loss, step) => {
      expect(Math.abs(loss / (expected[step] ?? Number.NaN) - 1), `step ${step + 1}`).toBeLessThan(1e-4)
    })
    const state = session.exportState()
    for (const [parameter, { data }] of golden(`final.${name}.`)) {
      const ours = state.get(parameter)?.data ?? new Float32Array()
      const scale = Math.max(...data.map(Math.abs))
      const worst = data.reduce((max, value, i) => Math.max(max, Math.abs(value - (ours[i] ?? Number.NaN))), 0)
      expect(worst / scale, parameter).toBeLessThan(1e-3)
    }
    session.close()
  })
})
