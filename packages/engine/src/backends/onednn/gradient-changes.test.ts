// Changes of gradients at the ends of what float32 can say, where the library's functions are not those of the ops.

import { expect, it } from 'vitest'
import { runOp, tensor } from '../../testing/index.ts'
import { createReferenceBackend } from '../reference/index.ts'
import { openOnednn } from './index.ts'

const opened = openOnednn()
const engines = [['reference', createReferenceBackend()] as const, ...(opened.available ? [['onednn', opened.backend] as const] : [])]
/** Smallest normal number of float32. */
const TINY = 2 ** -126

it.each(engines)('clipping by value bounds infinities, and does not make a number of what is none: %s', (_, backend) => {
  const values = [Number.NEGATIVE_INFINITY, -1, -0.25, 0, 0.25, 1, Number.POSITIVE_INFINITY]
  expect(runOp(backend, 'clip_by_value', [tensor([7], values)], { bound: 0.5 })).toEqual([[-0.5, -0.5, -0.25, 0, 0.25, 0.5, 0.5]])
  const [clipped = []] = runOp(backend, 'clip_by_value', [tensor([3], [1, Number.NaN, -1])], { bound: 0.5 })
  expect(clipped.map(Number.isFinite)).toEqual([true, false, true])
})

it.each(engines)('the penalty of L1 has the sign of the smallest and largest weights, and none at 0: %s', (_, backend) => {
  const parameter = [-3e38, -1, -TINY, 0, TINY, 1, 3e38]
  const gradient = Array.from(parameter, () => 1)
  expect(runOp(backend, 'penalty_gradient', [tensor([7], gradient), tensor([7], parameter)], { l1: 0.25, l2: 0 })).toEqual([
    [0.75, 0.75, 0.75, 1, 1.25, 1.25, 1.25],
  ])
})

it.each(engines)('a bound on the length of weights leaves shorter ones and zeros as they are: %s', (_, backend) => {
  const [units, size] = [3, 1024]
  const weight = (unit: number) => [0, 0.0625, 0.25][unit] ?? 0
  const values = Array.from({ length: units * size }, (_, i) => weight(Math.floor(i / size)))
  const [scaled = []] = runOp(backend, 'max_norm', [tensor([units, size], values)], { bound: 4 })
  // Lengths 0, 2 and 8.
  expect([scaled[0], scaled[size], scaled[2 * size]]).toEqual([0, 0.0625, 0.125])
})

it.each(engines)('the length of a gradient counts every number once: %s', (_, backend) => {
  const values = Array.from({ length: 2500 }, () => 2)
  expect(runOp(backend, 'l2_norms', [tensor([2500], values)], {})).toEqual([[100]])
})
