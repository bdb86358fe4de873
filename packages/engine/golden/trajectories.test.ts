// Ten steps of every case on both backends against PyTorch's: losses, parameters, running statistics, and the loss of an evaluation after.

import { readFileSync } from 'node:fs'
import { type Backend, createReferenceBackend, openOnednn } from '@trainyard/engine/backends'
import { buildModel } from '@trainyard/engine/plan'
import { parseHeader, readTensor } from '@trainyard/engine/safetensors'
import { buildGraph, modelSpecSchema, trainedHeads, trainingConfigSchema } from '@trainyard/engine/spec'
import { createSession, type Session, targetSources } from '@trainyard/engine/train'
import { describe, expect, it } from 'vitest'
import { HEADS } from './heads.cases.ts'
import { NORMALIZATION } from './normalization.cases.ts'
import { SHAPES } from './shapes.cases.ts'
import { BATCH, STEPS, type TrajectoryCase } from './trajectory-case.ts'

const LOSS_TOLERANCE = 1e-5
/** Of a parameter, beside the largest of its tensor. */
const STATE_TOLERANCE = 1e-4

function available(): Backend[] {
  const onednn = openOnednn()
  return onednn.available ? [createReferenceBackend(), onednn.backend] : [createReferenceBackend()]
}

/** The tensors of a case. */
class GoldenCase {
  readonly #bytes: Uint8Array
  readonly #header: ReturnType<typeof parseHeader>

  constructor(
    file: string,
    readonly name: string,
  ) {
    this.#bytes = readFileSync(new URL(file, import.meta.url))
    this.#header = parseHeader(this.#bytes, { fileBytes: this.#bytes.length })
  }

  floats = (part: string) => readTensor(this.#bytes, this.#header, `${this.name}.${part}`, 'F32')
  integers = (part: string) => readTensor(this.#bytes, this.#header, `${this.name}.${part}`, 'I32')
  doubles = (part: string) => readTensor(this.#bytes, this.#header, `${this.name}.${part}`, 'F64')
  has = (part: string) => this.#header.tensors.has(`${this.name}.${part}`)

  /** PyTorch's state_dict as session state. @param renamed ours → PyTorch's */
  state(part: 'initial' | 'final', renamed: TrajectoryCase['renamed'] = {}) {
    const ours = new Map(Object.entries(renamed).map(([own, theirs]) => [theirs, own]))
    const prefix = `${this.name}.${part}.`
    const names = [...this.#header.tensors.keys()].filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
    return new Map(
      names.map((name) => [
        `model.${ours.get(name) ?? name}`,
        { shape: this.#header.tensors.get(prefix + name)?.shape ?? [], data: this.floats(`${part}.${name}`) },
      ]),
    )
  }
}

function open(backend: Backend, { spec, heads, learningRate }: TrajectoryCase) {
  const graph = buildGraph(modelSpecSchema.parse(spec), { batchSize: BATCH })
  const optimizer = { type: 'sgd' as const, learning_rate: learningRate, momentum: 0.9 }
  const training = trainingConfigSchema.parse(heads === undefined ? { optimizer } : { optimizer, heads })
  const outputs = graph.outputs.map(({ name }) => name)
  const targets = targetSources(trainedHeads(training, outputs), { isLabelled: true })
  return createSession({ model: buildModel(graph, training), backend, threads: 2, targets })
}

/** The last step's losses: of all, and of each head with a name. */
function lossesOf({ model, scalars }: Session) {
  const heads = model.bindings.heads.map(({ name, weight }, i) => ({ name, weight, loss: scalars[3 * i] ?? Number.NaN }))
  return { total: heads.reduce((sum, { weight, loss }) => sum + weight * loss, 0), heads }
}

describe.each(available())('on $name', (backend) => {
  describe.each([SHAPES, NORMALIZATION, HEADS])('$file', ({ file, cases }) => {
    it.each(cases)('goes the way of PyTorch: $name', (each) => {
      const golden = new GoldenCase(file, each.name)
      const session = open(backend, each)
      session.initialize(0)
      const initial = golden.state('initial', each.renamed)
      expect([...initial.keys()].sort()).toEqual([...session.exportState().keys()].filter((key) => key.startsWith('model.')).sort())
      session.importState(initial, { strict: false })
      const samples = golden.floats('samples')
      const labels = golden.integers('labels')
      const size = samples.length / STEPS
      const batchOf = (step: number, count: number) => {
        const own = samples.slice(step * size, (step + 1) * size)
        return { samples: own, originals: own, targets: labels.slice(step * BATCH, (step + 1) * BATCH), count }
      }
      const expectLoss = (loss: number, expected: number | undefined, what: string) =>
        expect(Math.abs(loss / (expected ?? Number.NaN) - 1), what).toBeLessThan(LOSS_TOLERANCE)
      const totals = golden.doubles('losses')
      for (let step = 0; step < STEPS; step++) {
        session.trainStep(batchOf(step, step === STEPS - 1 ? (each.lastCount ?? BATCH) : BATCH), each.learningRate, step + 1)
        const { total, heads } = lossesOf(session)
        expectLoss(total, totals[step], `step ${step + 1}`)
        for (const { name, loss } of heads) {
          if (name !== null) expectLoss(loss, golden.doubles(`losses.${name}`)[step], `${name}, step ${step + 1}`)
        }
      }
      const state = session.exportState()
      for (const [tensor, { data }] of golden.state('final', each.renamed)) {
        const ours = state.get(tensor)?.data
        const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - (ours?.[i] ?? Number.NaN))), 0)
        expect(worst / scale, tensor).toBeLessThan(STATE_TOLERANCE)
      }
      if (golden.has('evaluation')) {
        session.evaluateBatch(batchOf(0, BATCH))
        expectLoss(lossesOf(session).total, golden.doubles('evaluation')[0], 'evaluation')
      }
      session.close()
    })
  })
})
