// Which column of an upload is what: feature, target, key of the split, or nothing. Options come first, then what the file's layout says.

import { type ColumnReference, type PrepareOptions, type SplitOptions, splitOptionsOf } from '@trainyard/contracts'
import type { RowSource, TensorColumn } from '../formats/row-source.ts'
import { invalidData, type Problem, Problems, shown } from '../problems.ts'

export type TargetKind = NonNullable<PrepareOptions['target_kind']>

export interface ColumnRoles {
  /** Index of the image or array column; null for a table. */
  readonly tensor: number | null
  /** Cell columns that are features; none beside an array. */
  readonly features: readonly number[]
  readonly targets: readonly number[]
  readonly coarse: number | null
  /** Whose value names a row; null where the options name none. */
  readonly id: number | null
  /** Cell columns that are not used otherwise. */
  readonly ignored: readonly number[]
  readonly categories: ReadonlySet<number>
  /** How to split: the option, or what the columns of the file suggest. */
  readonly split: SplitOptions
  /** Columns that the split reads: one, or for a hash any number. */
  readonly splitKeys: readonly number[]
  /** Column that already names the split of each row; null where there is none. */
  readonly given: number | null
}

/** @throws TrainyardError `invalid_data` with every reference that leads nowhere */
export function findRoles({ columns }: RowSource, file: string, options: PrepareOptions): ColumnRoles {
  const problems = new Problems(file)
  const names = columns.map(({ name }) => name)
  checkNames(names, problems)
  const find = (reference: ColumnReference, what: string): number => {
    const index = indexOf(names, reference)
    if (index < 0) problems.add(noSuchColumn(what, reference, names))
    return index
  }
  const all = (references: readonly ColumnReference[], what: string) => references.map((reference) => find(reference, what))
  const withRole = (role: string) => columns.flatMap((column, i) => (column.role === role ? [i] : []))
  const tensors = columns.flatMap((column, i) => (column.kind === 'tensor' && column.role !== 'target' ? [i] : []))
  const [tensor = null] = tensors
  if (tensors.length > 1) problems.add(severalArrays(tensors.map((i) => names[i] ?? '')))

  const coarse = options.coarse_target === undefined ? (withRole('coarse')[0] ?? null) : find(options.coarse_target, 'coarse_target')
  const id = options.id === undefined ? null : find(options.id, 'id')
  const ignore = new Set([...all(options.ignore, 'ignore'), ...withRole('id'), ...(id === null ? [] : [id])])
  const categories = new Set(all(options.categories, 'categories'))
  const { split, keys, given } = findSplit(options, withRole, find, all)
  const targets = findTargets(options, columns, tensor, new Set([...ignore, ...keys, given, coarse]), withRole('target'), find)
  problems.throwIfAny()

  const used = new Set([...targets, ...ignore, coarse, given])
  // The key of a split by hash is content; of the others it is not for the model.
  if (split.by !== 'hash') for (const key of keys) used.add(key)
  const cells = columns.flatMap((column, i) => (column.kind === 'cells' ? [i] : []))
  const features = tensor === null ? cells.filter((i) => !used.has(i)) : []
  if (tensor === null && features.length === 0) throw invalidData(file, tooFewColumns(columns.length))
  const ignored = cells.filter((i) => !features.includes(i) && !targets.includes(i) && i !== coarse && i !== given)
  return { tensor, features, targets, coarse, id, ignored, categories, split, splitKeys: keys, given }
}

function findSplit(
  options: PrepareOptions,
  withRole: (role: string) => readonly number[],
  find: (reference: ColumnReference, what: string) => number,
  all: (references: readonly ColumnReference[], what: string) => readonly number[],
) {
  const split = splitOptionsOf(options)
  const [given = null] = withRole('split')
  const [group] = withRole('group')
  if (split.by === 'column') return { split, keys: [], given: find(split.column, 'split.column') }
  if (split.by === 'group' || split.by === 'time') return { split, keys: [find(split.column, 'split.column')], given: null }
  if (split.by === 'hash') return { split, keys: all(split.columns ?? [], 'split.columns'), given: null }
  if (options.split === undefined && given === null && group !== undefined) {
    const byGroup: SplitOptions = { by: 'group', column: group, test: split.test, validation: split.validation }
    return { split: byGroup, keys: [group], given: null }
  }
  return { split, keys: [], given }
}

function findTargets(
  { target, target_kind }: PrepareOptions,
  columns: RowSource['columns'],
  tensor: number | null,
  taken: ReadonlySet<number | null>,
  byRole: readonly number[],
  find: (reference: ColumnReference, what: string) => number,
): readonly number[] {
  if (target_kind === 'none') return []
  if (target !== undefined) return (Array.isArray(target) ? target : [target]).map((reference) => find(reference, 'target'))
  if (byRole.length > 0) return byRole
  if (tensor !== null) return []
  const last = columns.findLastIndex((column, i) => column.kind === 'cells' && !taken.has(i))
  return last < 0 ? [] : [last]
}

/** The first array column's element count, for a table of columns. */
export function tensorColumn({ columns }: RowSource, { tensor }: ColumnRoles): TensorColumn | null {
  const column = tensor === null ? undefined : columns[tensor]
  return column?.kind === 'tensor' ? column : null
}

function indexOf(names: readonly string[], reference: ColumnReference): number {
  const named = typeof reference === 'string' ? names.indexOf(reference) : -1
  if (named >= 0) return named
  const index = typeof reference === 'number' || /^\d+$/.test(reference) ? Number(reference) : -1
  return index < names.length ? index : -1
}

function checkNames(names: readonly string[], problems: Problems): void {
  const seen = new Set<string>()
  for (const column of names) {
    if (seen.has(column)) {
      problems.add({ code: 'duplicate_column', what: 'the name occurs twice', column, hint: 'Give every column its own name.' })
    }
    seen.add(column)
  }
}

function noSuchColumn(what: string, reference: ColumnReference, names: readonly string[]): Problem {
  const listed = names.slice(0, 12).map(shown).join(', ') + (names.length > 12 ? ` … (${names.length})` : '')
  return {
    code: 'no_such_column',
    column: String(reference),
    what: `there is no ${what} column ${JSON.stringify(reference)}; the columns are ${listed}`,
    hint: 'Name a column, or give its index from 0.',
  }
}

function severalArrays(names: readonly string[]): Problem {
  return {
    code: 'several_inputs',
    what: `there are ${names.length} arrays (${names.slice(0, 5).map(shown).join(', ')}); expected one with the inputs`,
    hint: 'Name the array of the targets in "target", or leave out the others.',
  }
}

function tooFewColumns(count: number): Problem {
  return {
    code: 'too_few_columns',
    what: `${count === 1 ? 'one column was' : `${count} columns were`} found, and none of them is a feature; expected at least one feature and the target`,
    hint: 'Separate cells by comma, semicolon, tab or |, and do not ignore all columns.',
  }
}
