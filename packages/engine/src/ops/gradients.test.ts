// Sweep: the derivative of every op that has one, over all of its samples, against central differences in float64.

import { describe, expect, it } from 'vitest'
import { createReferenceBackend } from '../backends/index.ts'
import { checkGradient, GRADIENT_TOLERANCE } from '../testing/index.ts'
import type { OpAttributes, OpName, OpSample } from './index.ts'
import { OP_NAMES, OPS, opOf } from './index.ts'

const backend = createReferenceBackend({ real: 'float64' })

function sweep<K extends OpName>(op: K): void {
  const { samples } = opOf(op)
  it('has samples', () => {
    expect(samples.length).toBeGreaterThan(0)
    expect(new Set(samples.map(({ name }) => name)).size).toBe(samples.length)
  })
  for (const sample of samples) it(sample.name, () => check(op, sample))
}

function check<K extends OpName>(op: K, sample: OpSample<OpAttributes<K>>): void {
  const all = checkGradient(backend, op, sample)
  expect(all.elements).toBeGreaterThan(0)
  expect(all.worstError).toBeLessThanOrEqual(GRADIENT_TOLERANCE)
  // Each input alone, as when the others are data or frozen.
  const alone = sample.inputs.map((_, position) => checkGradient(backend, op, sample, [position]))
  for (const { worstError } of alone) expect(worstError).toBeLessThanOrEqual(GRADIENT_TOLERANCE)
  expect(alone.reduce((sum, { elements }) => sum + elements, 0)).toBe(all.elements)
}

describe.each(OP_NAMES.filter((op) => OPS[op].derivative !== null))('derivative of %s', (op) => sweep(op))
