// Requirement 20, in small: some runs on either backend of the queue. Long ones, and leaks that are planted to see that they are noticed:
// npm run soak.

import { hasRedis } from '@trainyard/testkit'
import { expect, test, vi } from 'vitest'
import { type SoakOptions, soak } from './soak.ts'
import { GAUGE_NAMES } from './verdict.ts'

vi.setConfig({ testTimeout: 240_000 })

async function expectFlat(options: SoakOptions): Promise<void> {
  const { gauges } = await soak(options)
  expect(GAUGE_NAMES.filter((name) => !gauges[name].isFlat).map((name) => [name, gauges[name]])).toEqual([])
}

test.skipIf(!hasRedis)('requirement 20: nothing grows with the number of runs', () =>
  expectFlat({ queue: 'redis', cycles: 4, warmUpCycles: 1, kinds: ['import', 'training', 'prediction', 'cancelled_training'] }),
)

test('requirement 20: nothing grows with the number of runs, with the queue in PostgreSQL', () =>
  expectFlat({ queue: 'postgres', cycles: 4, warmUpCycles: 1, kinds: ['training', 'prediction'] }))
