import { describe, expect, it } from 'vitest'
import { GAUGE_NAMES, GAUGES, type GaugeName, judge, type Sample } from './verdict.ts'

const RUNS = 5
const LEVEL = 50_000_000

/** Eight samples, five runs apart, each gauge at its level plus what `at` adds. */
function soak(at: (i: number) => number, name: GaugeName): Sample[] {
  return Array.from({ length: 8 }, (_, i) => ({
    runs: RUNS * (i + 1),
    values: Object.fromEntries(GAUGE_NAMES.map((each) => [each, LEVEL + (each === name ? at(i) : 0)])) as Sample['values'],
  }))
}

const counts = GAUGE_NAMES.filter((name) => GAUGES[name].kind === 'count' && GAUGES[name].slack === 0)
const memory = GAUGE_NAMES.filter((name) => GAUGES[name].kind === 'memory')

describe('requirement 20: the verdict of a soak', () => {
  it.each(counts)('%s: one more per cycle is noticed, a peak and a shrinking number are not', (name) => {
    expect(judge(soak((i) => i, name))[name]).toMatchObject({ isFlat: false, perRun: 1 / RUNS })
    expect(judge(soak((i) => Math.floor(i / 2), name))[name].isFlat).toBe(false)
    expect(judge(soak((i) => (i === 5 ? 100 : 0), name))[name].isFlat).toBe(true)
    expect(judge(soak((i) => -i, name))[name].isFlat).toBe(true)
  })

  it.each(memory)('%s: more than its slack over the soak is noticed, jumps up and down are not', (name) => {
    const gauge = GAUGES[name]
    if (gauge.kind !== 'memory') throw new Error('not of memory')
    const bound = gauge.slack + gauge.perRun * RUNS * 7
    const growing = (whole: number) => soak((i) => (whole * i) / 7, name)
    expect(judge(growing(1.01 * bound))[name].isFlat).toBe(false)
    expect(judge(growing(0.99 * bound))[name].isFlat).toBe(true)
    expect(judge(soak((i) => (i % 2) * 10 * bound, name))[name].isFlat).toBe(true)
  })

  it('database_connections: a pool may fill up, and not more', () => {
    expect(judge(soak((i) => (i < 4 ? 0 : 6), 'database_connections')).database_connections.isFlat).toBe(true)
    expect(judge(soak((i) => (i < 4 ? 0 : 7), 'database_connections')).database_connections.isFlat).toBe(false)
  })

  it('what does not leak is flat beside what does', () => {
    const judged = judge(soak((i) => i, 'trainers'))
    expect(GAUGE_NAMES.filter((name) => !judged[name].isFlat)).toEqual(['trainers'])
  })

  it('needs four samples', () => {
    expect(() => judge(soak((i) => i, 'trainers').slice(5))).toThrow('four samples')
  })
})
