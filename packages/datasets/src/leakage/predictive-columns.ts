// Columns that give the target away. From a sample of rows: what is the accuracy of guessing the class from this column alone, on rows that the
// guess was not made from? An identifier with a value of its own in each row gives nothing away by its values, but may by its order.

/** Cells of the sample: 100 columns of 20,000 rows. */
const CELLS_MAX = 2_000_000
const ROWS_MAX = 20_000
/** Ranges of equal counts that numbers with many values are looked at in. */
const RANGES = 64
/** A feature is reported only where it is as good as a copy of the target. */
const FEATURE_ACCURACY_MIN = 0.999
/** Other columns, where they make up that share of what always guessing the most frequent class lacks. */
const GAIN_MIN = 0.5
/** Fewer rows prove nothing. */
const ROWS_MIN = 20

export type ColumnUse = 'feature' | 'ignored' | 'group' | 'split'

export interface PredictiveColumn {
  readonly column: string
  readonly role: ColumnUse
  readonly accuracy: number
  readonly baseline: number
}

export interface SampledColumn {
  readonly name: string
  readonly role: ColumnUse
  /** A number per row of the sample: equal where the cells are equal, ordered where they are numbers. */
  readonly values: Float64Array
  readonly isOrdered: boolean
}

/** Rows that a sample of so many columns may have. */
export function sampleRowsMax(columns: number): number {
  return Math.max(1000, Math.min(ROWS_MAX, Math.floor(CELLS_MAX / columns)))
}

/** @param classes of each row of the sample, whose order is random */
export function findPredictiveColumns(columns: readonly SampledColumn[], classes: Int32Array): PredictiveColumn[] {
  if (classes.length < ROWS_MIN) return []
  const half = classes.length >> 1
  const [, most = 0] = mostFrequent(classes.subarray(0, half))
  const baseline = share(classes.subarray(half), () => most)
  if (baseline >= 1) return []
  return columns.flatMap(({ name, role, values, isOrdered }) => {
    const keys = isOrdered ? ranged(values) : values
    const accuracy = heldOutAccuracy(keys, classes, half, most)
    const isTelling = role === 'feature' ? accuracy >= FEATURE_ACCURACY_MIN : accuracy - baseline >= GAIN_MIN * (1 - baseline)
    return isTelling ? [{ column: name, role, accuracy, baseline }] : []
  })
}

/** Learns the most frequent class of each value from one half, and guesses the other. */
function heldOutAccuracy(keys: Float64Array, classes: Int32Array, half: number, fallback: number): number {
  const byKey = new Map<number, Map<number, number>>()
  for (let row = 0; row < half; row++) {
    const counts = byKey.get(keys[row] as number) ?? new Map<number, number>()
    byKey.set(keys[row] as number, counts)
    counts.set(classes[row] as number, (counts.get(classes[row] as number) ?? 0) + 1)
  }
  const guess = new Map([...byKey].map(([key, counts]) => [key, [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]))
  return share(classes.subarray(half), (i) => guess.get(keys[half + i] as number) ?? fallback)
}

function share(classes: Int32Array, guess: (row: number) => number): number {
  let right = 0
  classes.forEach((c, row) => {
    if (guess(row) === c) right++
  })
  return right / classes.length
}

/** @returns its count and the class */
function mostFrequent(classes: Int32Array): [count: number, most: number] {
  const counts = new Map<number, number>()
  for (const c of classes) counts.set(c, (counts.get(c) ?? 0) + 1)
  const [most = 0, count = 0] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])
  return [count, most]
}

/** Many different numbers as ranges of equal counts. */
function ranged(values: Float64Array): Float64Array {
  if (new Set(values).size <= RANGES) return values
  const sorted = values.slice().sort()
  const borders = Float64Array.from({ length: RANGES - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / RANGES)] as number)
  return values.map((value) => {
    let range = 0
    while (range < borders.length && value >= (borders[range] as number)) range++
    return range
  })
}
