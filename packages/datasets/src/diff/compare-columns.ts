// The columns, classes and channels of two versions: which there are, and how far their distributions are apart.

import type { ColumnDrift, ColumnProfile, DatasetAnalysis, DatasetDiff, DatasetManifest, DriftLevel } from '@trainyard/contracts'
import type { Distribution } from '../sketch/quantiles.ts'
import {
  decileShares,
  jensenShannonDistance,
  keyedShares,
  kolmogorovSmirnov,
  kolmogorovSmirnovByChance,
  populationStabilityIndex,
  type Shares,
  stabilityIndexByChance,
  total,
} from './drift.ts'

/**
 * Bands of the stability index: Siddiqi, Credit Risk Scorecards (2006). Those of the others are ours: a tenth or a fifth of the rows on another
 * side of some value; a twentieth or a fifth of the rows that gained or lost a value.
 */
export const DRIFT_THRESHOLDS = {
  psi: { moderate: 0.1, strong: 0.25 },
  ks: { moderate: 0.1, strong: 0.2 },
  missing: { moderate: 0.05, strong: 0.2 },
}
const LISTED_MAX = 100
/** Columns between two pauses. */
const COLUMNS_AT_ONCE = 20

export interface DescribedVersion {
  readonly manifest: DatasetManifest
  readonly analysis: DatasetAnalysis
  /** Of the columns that are described, then of the targets that are values. */
  readonly distributions: readonly Distribution[]
}

type ColumnsDiff = Pick<DatasetDiff, 'columns' | 'classes' | 'class_balance' | 'drift' | 'channels' | 'thresholds'>

export async function compareColumns(base: DescribedVersion, version: DescribedVersion): Promise<ColumnsDiff> {
  const [before, after] = [columnsOf(base), columnsOf(version)]
  const drift: ColumnDrift[] = []
  const typeChanged: DatasetDiff['columns']['type_changed'] = []
  let compared = 0
  for (const [key, column] of after) {
    const old = before.get(key)
    if (old === undefined) continue
    if (old.profile.type !== column.profile.type) {
      if (column.role === 'feature') typeChanged.push({ name: column.profile.name, base: old.profile.type, version: column.profile.type })
    } else drift.push(driftOf(old, column))
    if (++compared % COLUMNS_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  drift.sort((a, b) => LEVELS.indexOf(b.drift) - LEVELS.indexOf(a.drift) || b.psi - a.psi)
  const [classesBefore, classesAfter] = [classesOf(base.manifest), classesOf(version.manifest)]
  return {
    columns: { ...differingNames(base, version), type_changed: typeChanged },
    classes: { added: without(classesAfter, classesBefore), removed: without(classesBefore, classesAfter) },
    class_balance: balanceOf(base.analysis, version.analysis),
    drift,
    channels: channelsOf(base.analysis, version.analysis),
    thresholds: DRIFT_THRESHOLDS,
  }
}

interface DescribedColumn {
  readonly role: ColumnDrift['role']
  readonly profile: ColumnProfile
  readonly distribution: Distribution
  readonly categories: readonly string[] | null
}

/** By role and name. */
function columnsOf({ manifest, analysis, distributions }: DescribedVersion): Map<string, DescribedColumn> {
  const { columns, targets } = analysis.profile
  const { input } = manifest
  const described: DescribedColumn[] = []
  const add = (profile: ColumnProfile, role: DescribedColumn['role'], categories: readonly string[] | null) => {
    const distribution = distributions[described.length] ?? { values: [], weights: [] }
    described.push({ role, profile, distribution, categories })
  }
  columns?.forEach((profile, i) => {
    add(profile, 'feature', input.kind === 'features' ? (input.categories?.[i] ?? null) : null)
  })
  for (const profile of targets ?? []) add(profile, 'target', null)
  return new Map(described.map((column) => [`${column.role} ${column.profile.name}`, column]))
}

function driftOf(base: DescribedColumn, version: DescribedColumn): ColumnDrift {
  const { name, type } = version.profile
  const missing = { base: missingShare(base.profile), version: missingShare(version.profile) }
  const shared = { name, role: version.role, type, missing, new_categories: [], gone_categories: [] }
  const rows = [total(base.distribution), total(version.distribution)] as const
  const byMissing = level(Math.abs(missing.version - missing.base), DRIFT_THRESHOLDS.missing)
  if (type === 'category') {
    const [before, after] = [categoryCounts(base), categoryCounts(version)]
    const shares = keyedShares(before, after)
    const stability = stabilityOf(shares, ...rows)
    return {
      ...shared,
      ...stability,
      drift: strongest(stability.drift, byMissing),
      ks: null,
      ks_by_chance: null,
      js_distance: rows.includes(0) ? 0 : jensenShannonDistance(shares),
      new_categories: without([...after.keys()], [...before.keys()]).slice(0, LISTED_MAX),
      gone_categories: without([...before.keys()], [...after.keys()]).slice(0, LISTED_MAX),
    }
  }
  const stability = stabilityOf(decileShares(base.distribution, version.distribution), ...rows)
  const ks = kolmogorovSmirnov(base.distribution, version.distribution)
  const ksByChance = kolmogorovSmirnovByChance(...rows)
  const byKs = ks > ksByChance ? level(ks, DRIFT_THRESHOLDS.ks) : 'none'
  const drift = strongest(stability.drift, byKs, byMissing)
  return { ...shared, ...stability, drift, ks, ks_by_chance: ksByChance, js_distance: null }
}

/** Nothing is said where one side has no value: the missing ones tell it. */
function stabilityOf(shares: Shares, baseRows: number, versionRows: number) {
  if (baseRows === 0 || versionRows === 0) return { psi: 0, psi_by_chance: 0, drift: 'none' as const }
  const psi = populationStabilityIndex(shares)
  const byChance = stabilityIndexByChance(shares.base.length, baseRows, versionRows)
  return { psi, psi_by_chance: byChance, drift: psi > byChance ? level(psi, DRIFT_THRESHOLDS.psi) : ('none' as const) }
}

const LEVELS: readonly DriftLevel[] = ['none', 'moderate', 'strong']

function level(value: number, { moderate, strong }: { readonly moderate: number; readonly strong: number }): DriftLevel {
  return value >= strong ? 'strong' : value >= moderate ? 'moderate' : 'none'
}

function strongest(...levels: readonly DriftLevel[]): DriftLevel {
  return LEVELS.findLast((one) => levels.includes(one)) ?? 'none'
}

function missingShare({ count, missing }: ColumnProfile): number {
  return count + missing === 0 ? 0 : missing / (count + missing)
}

function categoryCounts({ distribution, categories }: DescribedColumn): Map<string, number> {
  return new Map(Array.from(distribution.values, (value, i) => [categories?.[value] ?? String(value), distribution.weights[i] ?? 0]))
}

function differingNames(base: DescribedVersion, version: DescribedVersion) {
  const namesOf = ({ manifest }: DescribedVersion) => (manifest.input.kind === 'features' ? manifest.input.columns : [])
  const named = (names: readonly string[], { analysis }: DescribedVersion) => {
    const types = new Map(analysis.profile.columns?.map(({ name, type }) => [name, type]))
    return names.map((name) => ({ name, type: types.get(name) ?? null }))
  }
  return {
    added: named(without(namesOf(version), namesOf(base)), version),
    removed: named(without(namesOf(base), namesOf(version)), base),
  }
}

function classesOf({ target }: DatasetManifest): readonly string[] {
  return target.kind === 'class' || target.kind === 'multi_label' ? target.classes : []
}

function balanceOf(base: DatasetAnalysis, version: DatasetAnalysis): DatasetDiff['class_balance'] {
  const [before, after] = [classCounts(base), classCounts(version)]
  if (before.size === 0 || after.size === 0) return null
  const shares = keyedShares(before, after)
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((rows, count) => rows + count, 0)
  return {
    ...stabilityOf(shares, sum(before), sum(after)),
    js_distance: jensenShannonDistance(shares),
    classes: shares.keys.map((label, i) => ({ label, base: shares.base[i] ?? 0, version: shares.version[i] ?? 0 })),
  }
}

function classCounts({ profile }: DatasetAnalysis): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { classes } of Object.values(profile.splits)) {
    for (const { label, count } of classes ?? []) counts.set(label, (counts.get(label) ?? 0) + count)
  }
  return counts
}

function channelsOf(base: DatasetAnalysis, version: DatasetAnalysis): DatasetDiff['channels'] {
  const [before, after] = [base.profile.images, version.profile.images]
  if (before === null || after === null || before.channels !== after.channels) return null
  return after.histogram.map((histogram, channel) => {
    const shares = { base: sharesOf(before.histogram[channel] ?? []), version: sharesOf(histogram) }
    // Pixels of one image belong together: what chance makes of it is that of so many images, not of so many pixels.
    return {
      channel,
      mean: { base: before.mean[channel] ?? 0, version: after.mean[channel] ?? 0 },
      js_distance: jensenShannonDistance(shares),
      ...stabilityOf(shares, base.profile.rows, version.profile.rows),
    }
  })
}

function sharesOf(counts: readonly number[]): number[] {
  const sum = counts.reduce((all, count) => all + count, 0)
  return counts.map((count) => (sum === 0 ? 0 : count / sum))
}

function without(names: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others)
  return names.filter((name) => !known.has(name))
}
