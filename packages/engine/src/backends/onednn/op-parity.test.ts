// Sweep: every op, and its derivative where it has one, over all samples and more awkward shapes, against the float32 reference.

import { describe, expect, it } from 'vitest'
import { differentiate } from '../../autodiff/index.ts'
import type { Program } from '../../core/program.ts'
import { elementCount, type TensorId } from '../../core/tensor.ts'
import { OP_NAMES, type OpAttributes, type OpName, type OpSample, opOf, ProgramBuilder } from '../../ops/index.ts'
import { sampleValues } from '../../testing/index.ts'
import type { Backend } from '../backend.ts'
import { createReferenceBackend } from '../reference/index.ts'
import { AWKWARD_SAMPLES } from './awkward.samples.ts'
import type { OnednnBackend } from './backend.ts'
import { openOnednn } from './index.ts'
import { LOWERINGS } from './lower/table.ts'

/** Largest difference relative to the largest value of a tensor: sums of a few hundred products in float32. */
const TOLERANCE = 1e-5

const opened = openOnednn()
const reference = createReferenceBackend()

interface Sweep {
  readonly program: Program
  readonly inputs: readonly TensorId[]
  readonly seeds: readonly TensorId[]
  readonly results: readonly TensorId[]
}

/** Updates write their inputs, all other ops get outputs of their own. */
function build<K extends OpName>(op: K, sample: OpSample<OpAttributes<K>>): Sweep {
  const builder = new ProgramBuilder()
  const inputs = sample.inputs.map((type, i) => builder.tensor(`input${i}`, type, 'input'))
  const { updates } = opOf(op)
  if (updates !== undefined) {
    const written = updates.flatMap((position) => inputs[position] ?? [])
    builder.append(op, inputs, written, sample.attributes, sample.name)
    return { program: programOf(builder), inputs, seeds: [], results: written }
  }
  const outputs = builder
    .emit(op, inputs, sample.attributes, { origin: sample.name, role: 'output' })
    .filter((id) => builder.type(id).type === 'real')
  const seeds = opOf(op).derivative === null ? [] : outputs.map((id) => builder.tensor(`dOutput${id}`, builder.type(id), 'input'))
  const derivatives = differentiate(builder, {
    nodes: [...builder.nodes],
    seeds: new Map(seeds.map((seed, i) => [outputs[i] ?? seed, seed])),
    by: seeds.length === 0 ? [] : inputs.filter((id) => builder.type(id).type === 'real'),
  })
  for (const id of derivatives.values()) if (builder.type(id).role === 'activation') builder.assignRole(id, 'output')
  return { program: programOf(builder), inputs, seeds, results: [...outputs, ...derivatives.values()] }
}

function programOf(builder: ProgramBuilder): Program {
  return { batchSize: 1, tensors: builder.tensors, segments: [], phases: { train: builder.nodes, evaluate: [], predict: [] } }
}

function compute(backend: Backend, { program, inputs, seeds, results }: Sweep, values: ReturnType<typeof sampleValues>): Float32Array[] {
  const executable = backend.compile(program, { threads: 1 })
  inputs.forEach((id, i) => {
    executable.write(id, values[i] ?? new Float32Array(0))
  })
  for (const seed of seeds)
    executable.write(
      seed,
      Float32Array.from({ length: sizeOf(program, seed) }, (_, i) => 0.5 + ((i * 7) % 11) / 11),
    )
  executable.run('train')
  const read = results.map((id) => {
    const into = new Float32Array(sizeOf(program, id))
    executable.read(id, into)
    return into
  })
  executable.close()
  return read
}

function sizeOf(program: Program, id: TensorId): number {
  return elementCount(program.tensors[id]?.shape ?? [])
}

function check<K extends OpName>(backend: Backend, op: K, sample: OpSample<OpAttributes<K>>): void {
  const sweep = build(op, sample)
  // Optimizer state that is a mean of squares is never negative.
  const values = sampleValues(sample).map((array, position) => (op === 'adam_update' && position === 5 ? array.map(Math.abs) : array))
  const expected = compute(reference, sweep, values)
  const actual = compute(backend, sweep, values)
  expect(expected.length).toBeGreaterThan(0)
  expected.forEach((array, i) => {
    const scale = array.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    const worst = array.reduce((most, value, at) => {
      const difference = Math.abs(value - (actual[i]?.[at] ?? Number.NaN)) / scale
      return difference <= most ? most : difference
    }, 0)
    expect(worst, `result ${i}`).toBeLessThanOrEqual(TOLERANCE)
  })
}

/** Names of what computes the op's samples; a reference kernel is `javascript`. */
function implementations<K extends OpName>(backend: OnednnBackend, op: K): readonly string[] {
  return opOf(op).samples.flatMap((sample) => {
    const executable = backend.compile(build(op, sample).program, { threads: 1 })
    const names = executable.phases.train.map(({ implementation }) => implementation)
    executable.close()
    return names
  })
}

function sweep<K extends OpName>(backend: OnednnBackend, op: K): void {
  const { samples } = opOf(op)
  const more: readonly OpSample<OpAttributes<K>>[] = AWKWARD_SAMPLES[op] ?? []
  for (const sample of [...samples, ...more]) it(sample.name, () => check(backend, op, sample))
  if (LOWERINGS[op] === null || op === 'running_statistics') return
  it('is computed by the library', () => expect(implementations(backend, op).some((name) => name !== 'javascript')).toBe(true))
}

describe.runIf(opened.available)('onednn agrees with the reference', () => {
  if (!opened.available) return
  const { backend } = opened
  const sampled = OP_NAMES.filter((op) => opOf(op).samples.length > 0 && !hasWorkspace(op))
  describe.each(sampled)('%s', (op) => sweep(backend, op))
})

/** Only max_pool2d can write its workspace; its derivative is swept with it. */
function hasWorkspace(op: OpName): boolean {
  return opOf(op).samples.some(({ inputs }) => inputs.some(({ type }) => type === 'workspace'))
}
