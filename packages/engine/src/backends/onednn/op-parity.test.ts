// Sweep: every op, and its derivative where it has one, over all samples and more awkward shapes, against the float32 reference.

import { describe, expect, it } from 'vitest'
import { OP_NAMES, type OpAttributes, type OpName, type OpSample, opOf } from '../../ops/index.ts'
import { buildSweep, worstDifference } from '../../testing/index.ts'
import { createReferenceBackend } from '../reference/index.ts'
import { AWKWARD_SAMPLES } from './awkward.samples.ts'
import type { OnednnBackend } from './backend.ts'
import { openOnednn } from './index.ts'
import { LOWERINGS } from './lower/table.ts'

/** Largest difference relative to the largest value of a tensor: sums of a few hundred products in float32. */
const TOLERANCE = 1e-5

/** Lowerings that work on the library's memory without it: statistics of a few channels, and constants, which are written once. */
const IN_JAVASCRIPT: ReadonlySet<unknown> = new Set([LOWERINGS.running_statistics, LOWERINGS.fill])

const opened = openOnednn()
const reference = createReferenceBackend()

/** Names of what computes the samples; a reference kernel is `javascript`. */
function implementations<K extends OpName>(
  backend: OnednnBackend,
  op: K,
  samples: readonly OpSample<OpAttributes<K>>[],
): readonly string[] {
  return samples.flatMap((sample) => {
    const executable = backend.compile(buildSweep(op, sample).program, { threads: 1 })
    const names = executable.phases.train.map(({ implementation }) => implementation)
    executable.close()
    return names
  })
}

function sweep<K extends OpName>(backend: OnednnBackend, op: K): void {
  const more: readonly OpSample<OpAttributes<K>>[] = AWKWARD_SAMPLES[op] ?? []
  const samples = [...opOf(op).samples, ...more]
  for (const sample of samples)
    it(sample.name, () => expect(worstDifference(reference, backend, op, sample)).toBeLessThanOrEqual(TOLERANCE))
  if (LOWERINGS[op] === null || IN_JAVASCRIPT.has(LOWERINGS[op])) return
  it('is computed by the library', () => expect(implementations(backend, op, samples).some((name) => name !== 'javascript')).toBe(true))
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
