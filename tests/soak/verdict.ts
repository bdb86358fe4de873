// Whether a number stays where it is over many runs. Counts (descriptors, keys, files, rows) may not grow at all, pools up to their size; memory is
// judged by its slope, since allocators and compilers keep some.

/** What a soak looks at; each after a cycle of runs, when everything is at rest. */
export const GAUGES = {
  /** Without connections to PostgreSQL. */
  api_descriptors: { kind: 'count', slack: 0 },
  worker_descriptors: { kind: 'count', slack: 0 },
  api_heap_bytes: { kind: 'memory', slack: 1.5 * 2 ** 20, perRun: 2048 },
  worker_heap_bytes: { kind: 'memory', slack: 1.5 * 2 ** 20, perRun: 2048 },
  api_rss_bytes: { kind: 'memory', slack: 24 * 2 ** 20, perRun: 8192 },
  worker_rss_bytes: { kind: 'memory', slack: 24 * 2 ** 20, perRun: 8192 },
  /** Children of the worker that live. */
  trainers: { kind: 'count', slack: 0 },
  /** Pools open them when they need them, and close those that were idle for a while. */
  database_connections: { kind: 'count', slack: 6 },
  /** Keys of Redis, or rows of the queue's tables, beside those of finished messages and the log of events, which are bounded on their own. */
  queue_entries: { kind: 'count', slack: 0 },
  outbox_rows: { kind: 'count', slack: 0 },
  /** In the directory for temporary files and in that of the worker. */
  temporary_files: { kind: 'count', slack: 0 },
  /** Of the storage, without a row that names them. */
  orphan_files: { kind: 'count', slack: 0 },
} as const satisfies Record<string, Gauge>

/** What a number may grow by over the whole soak, and memory with each run beside that. */
type Gauge =
  | { readonly kind: 'count'; readonly slack: number }
  | { readonly kind: 'memory'; readonly slack: number; readonly perRun: number }

export type GaugeName = keyof typeof GAUGES
export const GAUGE_NAMES = Object.keys(GAUGES) as readonly GaugeName[]

export interface Sample {
  /** Done when it was taken. */
  readonly runs: number
  readonly values: Readonly<Record<GaugeName, number>>
}

export interface Judgement {
  readonly first: number
  readonly last: number
  /** Median of all slopes between two samples (Theil 1950, Sen 1968). */
  readonly perRun: number
  /** What `perRun` may be. */
  readonly perRunMax: number
  readonly isFlat: boolean
}

/** @param samples after the warm-up, at least four */
export function judge(samples: readonly Sample[]): Readonly<Record<GaugeName, Judgement>> {
  return Object.fromEntries(GAUGE_NAMES.map((name) => [name, judgeGauge(name, samples)])) as Record<GaugeName, Judgement>
}

function judgeGauge(name: GaugeName, samples: readonly Sample[]): Judgement {
  const gauge: Gauge = GAUGES[name]
  const points = samples.map(({ runs, values }) => ({ runs, value: values[name] }))
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || points.length < 4) throw new RangeError('a soak needs four samples after its warm-up')
  const perRun = slopeOf(points)
  const ends = { first: first.value, last: last.value, perRun }
  if (gauge.kind === 'memory') {
    const perRunMax = gauge.slack / (last.runs - first.runs) + gauge.perRun
    return { ...ends, perRunMax, isFlat: perRun <= perRunMax }
  }
  // Something that leaks lies higher in the whole second half than it ever did in the first.
  const half = Math.floor(points.length / 2)
  const highest = Math.max(...points.slice(0, half).map(({ value }) => value))
  const lowest = Math.min(...points.slice(half).map(({ value }) => value))
  return { ...ends, perRunMax: 0, isFlat: lowest <= highest + gauge.slack }
}

function slopeOf(points: readonly { runs: number; value: number }[]): number {
  const slopes = points.flatMap((a, i) => points.slice(i + 1).map((b) => (b.value - a.value) / (b.runs - a.runs)))
  slopes.sort((a, b) => a - b)
  const middle = slopes.length / 2
  return ((slopes[Math.ceil(middle) - 1] ?? 0) + (slopes[Math.floor(middle)] ?? 0)) / 2
}
