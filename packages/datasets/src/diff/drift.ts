// How far two distributions are apart. Each measure is a number per column that depends on the shares alone, not on how many rows there are;
// what chance alone makes of it at these numbers of rows is given beside it, since a small sample always differs.

import type { Distribution } from '../sketch/quantiles.ts'

/** Stands for a share of 0, which has no logarithm: 1e-4, as Evidently and others have it. */
const SHARE_MIN = 1e-4
/** Bins of the base with equal numbers of rows: deciles, as in credit scoring. */
const BINS = 10

export interface Shares {
  readonly base: readonly number[]
  readonly version: readonly number[]
}

/**
 * Population stability index: Σ (q − p) · ln(q / p) over bins, p of the base and q of the version; 0 … ∞.
 * @see Siddiqi, Credit Risk Scorecards (2006), for bins and the bands 0.1 and 0.25
 * @example populationStabilityIndex({ base: [0.5, 0.5], version: [0.25, 0.75] }) // 0.25·ln 2 + 0.25·ln 1.5 = 0.2747
 */
export function populationStabilityIndex({ base, version }: Shares): number {
  return base.reduce((sum, share, i) => {
    const p = Math.max(share, SHARE_MIN)
    const q = Math.max(version[i] ?? 0, SHARE_MIN)
    return sum + (q - p) * Math.log(q / p)
  }, 0)
}

/**
 * What the index stays below in 95 % of the cases where nothing has changed: (1/n + 1/m) times the quantile of χ² with bins − 1 degrees of freedom
 * (Yurdakul, Statistical Properties of Population Stability Index, 2018). The quantile is that of Wilson and Hilferty (PNAS 1931), right to 1 %.
 */
export function stabilityIndexByChance(bins: number, baseRows: number, versionRows: number): number {
  if (bins < 2 || baseRows === 0 || versionRows === 0) return 0
  const degrees = bins - 1
  const spread = 2 / (9 * degrees)
  const quantile = degrees * (1 - spread + NORMAL_95 * Math.sqrt(spread)) ** 3
  return quantile * (1 / baseRows + 1 / versionRows)
}

/** 95 % quantile of the standard normal distribution. */
const NORMAL_95 = 1.6448536269514722

/**
 * Jensen–Shannon distance: the square root of the divergence in bits; 0 equal … 1 nothing in common.
 * @see Lin, Divergence Measures Based on the Shannon Entropy (IEEE Transactions on Information Theory, 1991); Endres and Schindelin (2003)
 */
export function jensenShannonDistance({ base, version }: Shares): number {
  const divergence = base.reduce((sum, p, i) => {
    const q = version[i] ?? 0
    const middle = (p + q) / 2
    const term = (share: number) => (share === 0 ? 0 : (share / 2) * Math.log2(share / middle))
    return sum + term(p) + term(q)
  }, 0)
  return Math.sqrt(Math.max(0, divergence))
}

/**
 * Kolmogorov–Smirnov statistic: the largest difference of the two cumulative shares; 0 … 1. Exact where the distributions are.
 * @see Smirnov, Table for Estimating the Goodness of Fit of Empirical Distributions (1948)
 */
export function kolmogorovSmirnov(base: Distribution, version: Distribution): number {
  const [n, m] = [total(base), total(version)]
  if (n === 0 || m === 0) return 0
  let [i, j, below, above, largest] = [0, 0, 0, 0, 0]
  while (i < base.values.length || j < version.values.length) {
    const value = Math.min(base.values[i] ?? Number.POSITIVE_INFINITY, version.values[j] ?? Number.POSITIVE_INFINITY)
    while (i < base.values.length && (base.values[i] as number) <= value) below += base.weights[i++] as number
    while (j < version.values.length && (version.values[j] as number) <= value) above += version.weights[j++] as number
    largest = Math.max(largest, Math.abs(below / n - above / m))
  }
  return largest
}

/** What the statistic stays below in 95 % of the cases where nothing has changed: 1.358 · √((n + m) / nm), for large n and m. */
export function kolmogorovSmirnovByChance(baseRows: number, versionRows: number): number {
  if (baseRows === 0 || versionRows === 0) return 0
  return Math.min(1, 1.3581 * Math.sqrt((baseRows + versionRows) / (baseRows * versionRows)))
}

/**
 * Shares of both in the deciles of the base. A value that is more than a tenth of the rows fills its bin alone, so that there may be fewer bins;
 * the first and the last are open. A bin holds its upper edge.
 */
export function decileShares(base: Distribution, version: Distribution): Shares {
  const edges = decileEdges(base)
  return { base: sharesBetween(base, edges), version: sharesBetween(version, edges) }
}

/** Shares of both for every key that either has, in the order of the base and then of the version. */
export function keyedShares(base: ReadonlyMap<string, number>, version: ReadonlyMap<string, number>): Shares & { readonly keys: string[] } {
  const keys = [...new Set([...base.keys(), ...version.keys()])]
  const sharesOf = (counts: ReadonlyMap<string, number>) => {
    const rows = [...counts.values()].reduce((sum, count) => sum + count, 0)
    return keys.map((key) => (rows === 0 ? 0 : (counts.get(key) ?? 0) / rows))
  }
  return { keys, base: sharesOf(base), version: sharesOf(version) }
}

export function total({ weights }: Distribution): number {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += weights[i] as number
  return sum
}

/** Upper edges of all bins but the last. */
function decileEdges(base: Distribution): number[] {
  const rows = total(base)
  const edges: number[] = []
  let seen = 0
  let bin = 1
  for (let i = 0; i < base.values.length - 1 && bin < BINS; i++) {
    seen += base.weights[i] as number
    if (seen * BINS < bin * rows) continue
    edges.push(base.values[i] as number)
    while (seen * BINS >= bin * rows) bin++
  }
  return edges
}

function sharesBetween({ values, weights }: Distribution, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0)
  let bin = 0
  let rows = 0
  for (let i = 0; i < values.length; i++) {
    while (bin < edges.length && (values[i] as number) > (edges[bin] as number)) bin++
    counts[bin] = (counts[bin] as number) + (weights[i] as number)
    rows += weights[i] as number
  }
  return counts.map((count) => (rows === 0 ? 0 : count / rows))
}
