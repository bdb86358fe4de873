// An op and its derivative on one sample, computed by any backend: what sweeps over ops compare.

import { differentiate } from '../autodiff/index.ts'
import type { Backend } from '../backends/backend.ts'
import type { Program } from '../core/program.ts'
import { elementCount, type TensorId } from '../core/tensor.ts'
import { type OpAttributes, type OpName, type OpSample, opOf, ProgramBuilder } from '../ops/index.ts'
import { sampleValues } from './sample-values.ts'

/** An op with its derivative as a program. */
export interface OpSweep {
  readonly program: Program
  readonly inputs: readonly TensorId[]
  readonly seeds: readonly TensorId[]
  readonly results: readonly TensorId[]
}

/** Updates write their inputs, all other ops get outputs of their own. */
export function buildSweep<K extends OpName>(op: K, sample: OpSample<OpAttributes<K>>): OpSweep {
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

/** Results of the op and its derivative, whose seeds are some numbers from ½ to 1½. */
export function computeSweep(
  backend: Backend,
  { program, inputs, seeds, results }: OpSweep,
  values: ReturnType<typeof sampleValues>,
): readonly Float32Array[] {
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

/** Largest difference of a result between two backends, relative to its largest value where that is above 1. */
export function worstDifference<K extends OpName>(reference: Backend, backend: Backend, op: K, sample: OpSample<OpAttributes<K>>): number {
  const sweep = buildSweep(op, sample)
  // Optimizer state that is a mean of squares is never negative.
  const values = sampleValues(sample).map((array, position) => (op === 'adam_update' && position === 5 ? array.map(Math.abs) : array))
  const actual = computeSweep(backend, sweep, values)
  const differences = computeSweep(reference, sweep, values).map((array, i) => {
    const scale = array.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    return array.reduce((most, value, at) => {
      const difference = Math.abs(value - (actual[i]?.[at] ?? Number.NaN)) / scale
      return difference <= most ? most : difference
    }, 0)
  })
  return differences.reduce((most, difference) => (difference <= most ? most : difference))
}
