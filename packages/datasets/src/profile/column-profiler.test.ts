import { describe, expect, it } from 'vitest'
import { ColumnProfiler } from './column-profiler.ts'

describe('ColumnProfiler', () => {
  it('describes numbers', () => {
    const profiler = new ColumnProfiler({ name: 'a', type: 'number', categories: null, min: 0, max: 100 })
    for (let i = 0; i <= 100; i++) profiler.add(i)
    profiler.add(50)
    profiler.add(Number.NaN)
    expect(profiler.result()).toEqual({
      name: 'a',
      type: 'number',
      count: 102,
      missing: 1,
      distinct: 101,
      distinct_exact: true,
      min: 0,
      max: 100,
      mean: 50,
      // Σ (i − 50)² for 0 … 100 is 2 · 50 · 51 · 101 / 6 = 85,850.
      std: expect.closeTo(Math.sqrt(85_850 / 102), 10),
      quantiles: { p05: 5, p25: 25, p50: 50, p75: 75, p95: 95 },
      histogram: [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 5, 5, 5, 5, 5, 5, 5, 5, 6],
      top_values: [{ value: 50, count: 2 }, ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((value) => ({ value, count: 1 }))],
    })
    expect([profiler.median, profiler.mode, profiler.extremes]).toEqual([50, 50, { min: 0, max: 100 }])
  })

  it('describes categories', () => {
    const profiler = new ColumnProfiler({ name: 'c', type: 'category', categories: ['x', 'y', 'z'], min: 0, max: 0 })
    for (const code of [2, 0, 2, Number.NaN, 2]) profiler.add(code)
    expect(profiler.result()).toMatchObject({
      count: 4,
      missing: 1,
      distinct: 2,
      mean: null,
      histogram: null,
      top_values: [
        { value: 'z', count: 3 },
        { value: 'x', count: 1 },
      ],
    })
    expect([profiler.mode, profiler.categoryCounts]).toEqual([2, [1, 0, 3]])
  })

  it('describes dates as dates', () => {
    const profiler = new ColumnProfiler({ name: 'd', type: 'date', categories: null, min: 19_997, max: 20_000 })
    for (const day of [19_997, 19_998, 19_998, 20_000]) profiler.add(day)
    expect(profiler.result()).toMatchObject({
      min: '2024-10-01',
      max: '2024-10-04',
      // 1, 2, 2 and 4 October are the 2nd and 6 hours on average.
      mean: '2024-10-02T06:00Z',
      std: expect.closeTo(Math.sqrt((1.25 ** 2 + 2 * 0.25 ** 2 + 1.75 ** 2) / 4), 10),
      quantiles: { p05: '2024-10-01', p50: '2024-10-02' },
      top_values: [
        { value: '2024-10-02', count: 2 },
        { value: '2024-10-01', count: 1 },
        { value: '2024-10-04', count: 1 },
      ],
    })
  })

  it('has nothing to say about nothing', () => {
    const profiler = new ColumnProfiler({ name: 'n', type: 'number', categories: null, min: Infinity, max: -Infinity })
    profiler.add(Number.NaN)
    expect(profiler.result()).toMatchObject({ count: 0, missing: 1, min: null, quantiles: null, histogram: null, top_values: [] })
    expect([profiler.median, profiler.mode]).toEqual([null, null])
  })
})
