// Which rows become the test split when the user gives no test files.

import { shuffledRange } from '@trainyard/engine/random'

/**
 * Marks the rows of the test split with 1. Stratified: each class gives the same share, rounded, and always keeps a training row.
 * @param classes class of each row; null for value targets, which are split as one group
 * @param fraction share of rows, 0 … 0.9
 * @param seed decides the rows; the same arguments always give the same split
 */
export function testRows(classes: Int32Array | null, rows: number, classCount: number, fraction: number, seed: number): Uint8Array {
  const isTest = new Uint8Array(rows)
  if (classes === null) {
    mark(isTest, null, rows, fraction, seed, 0)
    return isTest
  }
  const starts = new Uint32Array(classCount + 1)
  for (const c of classes) starts[c + 1] = (starts[c + 1] ?? 0) + 1
  for (let c = 0; c < classCount; c++) starts[c + 1] = (starts[c + 1] ?? 0) + (starts[c] ?? 0)
  const byClass = new Uint32Array(rows)
  const next = starts.slice(0, classCount)
  classes.forEach((c, row) => {
    const at = next[c] ?? 0
    byClass[at] = row
    next[c] = at + 1
  })
  for (let c = 0; c < classCount; c++) {
    const members = byClass.subarray(starts[c], starts[c + 1])
    mark(isTest, members, members.length, fraction, seed, c)
  }
  return isTest
}

function mark(isTest: Uint8Array, members: Uint32Array | null, count: number, fraction: number, seed: number, group: number): void {
  if (count < 2) return
  const order = shuffledRange({ seed, purpose: 'split', a: group }, count)
  const chosen = Math.min(count - 1, Math.round(count * fraction))
  for (const i of order.subarray(0, chosen)) isTest[members === null ? i : (members[i] ?? 0)] = 1
}
