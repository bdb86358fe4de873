// From the options and what was collected of the rows to the split of each row.

import type { SplitOptions } from '@trainyard/contracts'
import { type Assignment, TRAIN, UNMARKED } from './assignment.ts'
import { type Strata, splitByFraction } from './by-fraction.ts'
import { splitByGroup } from './by-group.ts'
import { splitByHash } from './by-hash.ts'
import { splitByTime } from './by-time.ts'

export interface RowsToSplit {
  readonly rows: number
  /** Of class targets. */
  readonly strata: Strata | null
  /** Group, time or hash of each row, as the way to split needs it. */
  readonly keys: Float64Array
  /** Marks that the data gives itself: its training rows alone may be divided further. */
  readonly given: Uint8Array | null
  /** Marks that rows have and keep, UNMARKED for the others; null where all are new. */
  readonly old: Uint8Array | null
}

/** @param isAsked false: nothing is divided further where the data gives its splits */
export function assignRows(split: SplitOptions, rows: RowsToSplit, seed: number, isAsked: boolean): Assignment {
  const { given, old } = rows
  if (given === null) return assign(split, rows, seed)
  if (split.by === 'column' || !isAsked || split.validation === 0) return keepOld(given.slice(), old)
  const places = Uint32Array.from(given.keys()).filter((row) => given[row] === TRAIN)
  const { strata, keys } = rows
  const training: RowsToSplit = {
    rows: places.length,
    strata: strata === null ? null : { ...strata, classes: Int32Array.from(places, (row) => strata.classes[row] as number) },
    keys: keys.length === 0 ? keys : Float64Array.from(places, (row) => keys[row] as number),
    given: null,
    old: old === null ? null : Uint8Array.from(places, (row) => old[row] as number),
  }
  const inner = assign({ ...split, test: 0 }, training, seed)
  const assignment = given.slice()
  inner.forEach((mark, i) => {
    assignment[places[i] as number] = mark
  })
  return keepOld(assignment, old)
}

function assign(split: SplitOptions, { rows, strata, keys, old }: RowsToSplit, seed: number): Assignment {
  if (split.by === 'fraction') return splitByFraction(rows, split.stratify ? strata : null, split, seed, old)
  if (split.by === 'group') return splitByGroup(keys, split, seed, old)
  if (split.by === 'time') return keepOld(splitByTime(keys, split, old), old)
  if (split.by === 'hash') return keepOld(splitByHash(keys, split, seed), old)
  throw new Error('a split by column needs the marks of the data')
}

function keepOld(assignment: Assignment, old: Uint8Array | null): Assignment {
  old?.forEach((mark, row) => {
    if (mark !== UNMARKED) assignment[row] = mark
  })
  return assignment
}
