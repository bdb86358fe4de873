import { expect, it } from 'vitest'
import { BatchOrder } from './batch-order.ts'
import { isTrainingRow } from './used-rows.ts'

it('names just the rows that the batches of an epoch hold', () => {
  const options = { rows: 50, seed: 7, sampleLimit: 12 }
  const order = new BatchOrder({ ...options, batchSize: 5, shuffle: true, dropLast: false }).epoch(3) ?? []
  const rows = Array.from({ length: 60 }, (_, row) => row)
  expect(rows.filter((row) => isTrainingRow(row, options))).toEqual([...order].sort((a, b) => a - b))
  expect(rows.filter((row) => isTrainingRow(row, { ...options, sampleLimit: null })).length).toBe(50)
})
