// Compares the derivative of an op with central differences of its value, in float64. Source: Gill, Murray and Wright 1981, section 8.6.

import { differentiate } from '../autodiff/index.ts'
import type { Backend } from '../backends/backend.ts'
import type { Program } from '../core/program.ts'
import { elementCount, type TensorId } from '../core/tensor.ts'
import { type OpAttributes, type OpName, type OpSample, opOf, ProgramBuilder } from '../ops/index.ts'
import { fillUniform } from '../random/index.ts'
import { sampleValues } from './sample-values.ts'

/** Half of the difference of inputs. Balances truncation (eps²) and rounding (2^-52 / eps). */
export const GRADIENT_EPSILON = 1e-5

/** Largest error, relative to the larger value but never to less than 1. */
export const GRADIENT_TOLERANCE = 1e-6

export interface GradientCheck {
  readonly op: OpName
  readonly sample: string
  /** How many input elements were compared. */
  readonly elements: number
  readonly worstError: number
}

interface CheckedProgram {
  readonly program: Program
  readonly inputs: readonly TensorId[]
  readonly outputs: readonly TensorId[]
  /** Derivative of Σ dOutput · output by input. */
  readonly derivatives: ReadonlyMap<TensorId, TensorId>
  /** Weights of each real output. */
  readonly seeds: ReadonlyMap<TensorId, TensorId>
}

/**
 * Checks one sample of an op by every input that has a derivative (`by` limits them to some positions).
 * @param backend computes in float64
 */
export function checkGradient<K extends OpName>(
  backend: Backend,
  op: K,
  sample: OpSample<OpAttributes<K>>,
  by: readonly number[] = sample.inputs.map((_, i) => i),
): GradientCheck {
  const { program, inputs, outputs, derivatives, seeds } = buildCheck(op, sample, by)
  const executable = backend.compile(program, { threads: 1 })
  const values = sampleValues(sample)
  inputs.forEach((id, i) => {
    executable.write(id, values[i] ?? new Float64Array(0))
  })
  const sizeOf = (id: TensorId) => elementCount(program.tensors[id]?.shape ?? [])
  const weights = new Map([...seeds].map(([output, seed]) => [output, weightsFor(seed, sizeOf(seed))]))
  for (const [output, seed] of seeds) executable.write(seed, weights.get(output) ?? new Float64Array(0))
  const weightedSum = (): number => {
    executable.run('evaluate')
    let sum = 0
    for (const output of outputs) {
      const weight = weights.get(output)
      if (weight === undefined) continue
      const value = new Float64Array(weight.length)
      executable.read(output, value)
      value.forEach((v, i) => {
        sum += v * (weight[i] ?? 0)
      })
    }
    return sum
  }
  executable.run('train')
  const analytic = new Map(
    [...derivatives].map(([input, derivative]) => {
      const into = new Float64Array(sizeOf(derivative))
      executable.read(derivative, into)
      return [input, into] as const
    }),
  )
  let elements = 0
  let worstError = 0
  for (const [input, derivative] of analytic) {
    const center = Float64Array.from(values[inputs.indexOf(input)] ?? [])
    const at = (i: number, value: number): number => {
      const moved = center.slice()
      moved[i] = value
      executable.write(input, moved)
      return weightedSum()
    }
    center.forEach((value, i) => {
      const numeric = (at(i, value + GRADIENT_EPSILON) - at(i, value - GRADIENT_EPSILON)) / (2 * GRADIENT_EPSILON)
      const exact = derivative[i] ?? Number.NaN
      const error = Math.abs(exact - numeric) / Math.max(1, Math.abs(exact), Math.abs(numeric))
      // NaN must not pass as small.
      worstError = error <= worstError ? worstError : error
      elements++
    })
    executable.write(input, center)
  }
  executable.close()
  return { op, sample: sample.name, elements, worstError }
}

function buildCheck<K extends OpName>(op: K, sample: OpSample<OpAttributes<K>>, by: readonly number[]): CheckedProgram {
  const builder = new ProgramBuilder()
  const inputs = sample.inputs.map((type, i) => builder.tensor(`input${i}`, type, 'input'))
  const outputs = builder.emit(op, inputs, sample.attributes, { origin: sample.name, role: 'output' })
  const forward = [...builder.nodes]
  const { statistics = [] } = opOf(op)
  const real = outputs.filter((id, i) => builder.type(id).type === 'real' && !statistics.includes(i))
  const seeds = new Map(real.map((id) => [id, builder.tensor(`dOutput${id}`, builder.type(id), 'input')]))
  const wanted = inputs.filter((id, i) => by.includes(i) && builder.type(id).type === 'real')
  const derivatives = differentiate(builder, { nodes: forward, seeds, by: wanted })
  for (const id of derivatives.values()) if (builder.type(id).role === 'activation') builder.assignRole(id, 'output')
  const phases = { train: builder.nodes, evaluate: forward, predict: [] }
  return { program: { batchSize: 1, tensors: builder.tensors, segments: [], phases }, inputs, outputs, derivatives, seeds }
}

/** Weights from 0.5 to 1.5, so that no element of an output counts for nothing. */
function weightsFor(seed: number, count: number): Float64Array {
  const weights = new Float64Array(count)
  fillUniform({ seed, purpose: 'test', a: 0xfeed }, weights, 0.5, 1.5)
  return weights
}
