// Numbers for the samples of ops, the same on every machine.

import type { NumericArray } from '../backends/backend.ts'
import { elementCount } from '../core/tensor.ts'
import type { OpSample, SampleInput } from '../ops/index.ts'
import { fillUniform, hashName, shuffledRange } from '../random/index.ts'

/** Values of all inputs of a sample; Int32Array for index inputs. Throws for workspaces, which only their op can write. */
export function sampleValues<A>({ name, inputs }: Pick<OpSample<A>, 'name' | 'inputs'>): readonly NumericArray[] {
  return inputs.map((input, position) => valuesOf(input, hashName(name), position))
}

function valuesOf(
  { shape, type, low = -1, high = 1, apart = 0, distinct = false }: SampleInput,
  seed: number,
  position: number,
): NumericArray {
  const count = elementCount(shape)
  const values = new Float64Array(count)
  if (type === 'workspace') throw new Error('a workspace has no sample values')
  if (distinct) {
    const order = shuffledRange({ seed, purpose: 'test', a: position }, count)
    values.forEach((_, i) => {
      values[i] = low + ((high - low) * ((order[i] ?? 0) + 0.5)) / count
    })
  } else fillUniform({ seed, purpose: 'test', a: position }, values, low, high)
  if (type === 'index') return Int32Array.from(values, Math.floor)
  return apart === 0 ? values : values.map((value) => (value < 0 ? value - apart : value + apart))
}
