// Requirement 20, in small: a few dozen runs on either backend of the queue, and leaks that are planted to see that they are noticed. Long ones:
// npm run soak.

import { hasRedis } from '@trainyard/testkit'
import { expect, test, vi } from 'vitest'
import { PLANTS, soak } from './soak.ts'
import { GAUGE_NAMES } from './verdict.ts'

vi.setConfig({ testTimeout: 240_000 })

test.skipIf(!hasRedis)('requirement 20: nothing grows with the number of runs', async () => {
  const { gauges } = await soak({ queue: 'redis', cycles: 4 })
  expect(GAUGE_NAMES.filter((name) => !gauges[name].isFlat).map((name) => [name, gauges[name]])).toEqual([])
})

test('requirement 20: nothing grows with the number of runs, with the queue in PostgreSQL', async () => {
  const { gauges } = await soak({ queue: 'postgres', cycles: 4, kinds: ['training', 'prediction', 'cancelled_training'] })
  expect(GAUGE_NAMES.filter((name) => !gauges[name].isFlat).map((name) => [name, gauges[name]])).toEqual([])
})

test.skipIf(!hasRedis)('requirement 20: what grows is noticed', async () => {
  const { gauges } = await soak({ queue: 'redis', cycles: 4, kinds: ['prediction'], plants: PLANTS })
  const growing = GAUGE_NAMES.filter((name) => !gauges[name].isFlat)
  for (const process of ['api', 'worker']) {
    expect(growing).toContain(`${process}_descriptors`)
    expect(growing).toContain(`${process}_heap_bytes`)
    expect(growing).toContain(`${process}_rss_bytes`)
  }
  expect(growing).toEqual(expect.arrayContaining(['queue_entries', 'temporary_files', 'orphan_files']))
})
