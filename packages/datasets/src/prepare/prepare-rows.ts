// The stages of a preparation, one after another: parse → check → split → write. Everything but the shards is gone at the end, however it ends.

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatasetAnalysis, DatasetManifest, DatasetTarget } from '@trainyard/contracts'
import type { RowSource } from '../formats/row-source.ts'
import { invalidData, Problems } from '../problems.ts'
import type { IdColumn } from '../row-index/row-digests.ts'
import { assignRows } from '../split/assign-rows.ts'
import { type Assignment, countSplits } from '../split/assignment.ts'
import type { BaseVersion } from './base-version.ts'
import { checkRows } from './check-rows.ts'
import type { CheckedRows } from './checked-rows.ts'
import { type ColumnRoles, findRoles, tensorColumn } from './column-roles.ts'
import { type PrepareContext, STAGES } from './context.ts'
import { createTargetEncoder } from './encode-target.ts'
import { describePrepared, type PreparedDataset } from './manifest.ts'
import { columnAt, type FoundState, type ParsedRows, parseRows } from './parse-rows.ts'
import { PredictiveSample, type SampleColumn } from './predictive-sample.ts'
import { Quarantine } from './quarantine.ts'
import { addWarnings } from './warnings.ts'
import { type WrittenRows, writeRows } from './write-rows.ts'

/** Of which only the upload's author knows whether these rows matter. */
const STRICT_HINT =
  'Correct the rows that `errors` names and upload again; or set the option mode to "tolerant", which leaves them out and keeps them for download.'

export interface RowsOrigin {
  /** Names of the files, for texts; more than one where rows are appended. */
  readonly parts: readonly string[]
  /** The version that the last part is appended to. */
  readonly base: BaseVersion | null
}

export async function prepareRows(source: RowSource, { parts, base }: RowsOrigin, context: PrepareContext): Promise<PreparedDataset> {
  const { options, outDir } = context
  const file = parts.join(', ')
  const roles = findRoles(source, file, options)
  const tensor = tensorColumn(source, roles)
  const problems = new Problems(file, parts)
  const quarantine = new Quarantine(options.mode === 'tolerant' ? join(outDir, 'quarantine.csv') : null)
  await goOn(context, problems, quarantine)
  const stage = await parseRows(source, tensor, roles.targets, file, problems, quarantine, context)
  const { parsed } = stage
  try {
    base?.requireNewRows(parsed.rows, parts.at(-1) ?? file, problems)
    const { checked, capture: captured } = await checkRows(source, roles, stage, problems, quarantine, base, context)
    base?.compare(checked, parts.at(-1) ?? file, problems)
    if (options.mode === 'strict') problems.throwIfAny(STRICT_HINT)
    requireUsable(checked, parsed, problems, file)
    const encoder = createTargetEncoder(checked.target)
    const assignment = divide(roles, checked, base, context)
    requireTraining(assignment, file)
    const sample = new PredictiveSample(sampleColumns(roles, parsed), encoder.target.kind === 'class' ? checked.rows : 0)
    const id = idColumn(roles, parsed)
    const written = await writeRows({ parsed, checked, encoder, assignment, tensor, id, sample, context, captured })
    addWarnings(problems, written, encoder.target)
    const set = quarantine.finish()
    const analysis = describeAnalysis({
      context,
      parsed,
      checked,
      problems,
      written,
      target: encoder.target,
      sample,
      quarantined: quarantine.rows,
    })
    const stored = storeAnalysis(analysis, context)
    const division = { options: roles.split, seed: options.seed }
    const quarantined =
      set === null ? null : { key: `${context.keyPrefix}${set.sha256}.csv`, bytes: set.bytes, sha256: set.sha256, rows: set.rows }
    const prepared = describePrepared({
      input: written.input,
      target: encoder.target,
      splits: written.splits,
      normalization: written.normalization,
      rest: {
        ...(written.statistics === null ? {} : { statistics: written.statistics }),
        division,
        analysis: stored.entry,
        ...(quarantined === null ? {} : { quarantine: quarantined }),
        index: written.index.index,
      },
    })
    const quarantineFiles = set === null || quarantined === null ? [] : [{ key: quarantined.key, path: set.path }]
    const files = [...prepared.files, { key: stored.entry.key, path: stored.path }, ...quarantineFiles, ...written.index.files]
    return { ...prepared, files }
  } finally {
    // Whoever keeps the progress may still be reading the files.
    if (context.keeper === null) parsed.spool.remove()
    quarantine.close()
  }
}

/** What was found before this attempt began, and where it goes on. */
async function goOn({ keeper, onResumed }: PrepareContext, problems: Problems, quarantine: Quarantine): Promise<void> {
  const stages = keeper?.restored?.stages
  if (stages === undefined) return
  const found = stages.found as FoundState
  problems.restore(found.problems)
  await quarantine.restore(found.quarantine, (name) => keeper?.pathOf(name) ?? name)
  const stage = STAGES.findLast((name) => stages[name] !== undefined)
  if (stage !== undefined) onResumed({ stage, rows: (stages[stage] as { seen: number }).seen, totalRows: null })
}

function divide(roles: ColumnRoles, checked: CheckedRows, base: BaseVersion | null, { options }: PrepareContext): Assignment {
  const { target, rows, keys, given } = checked
  const strata = target.kind === 'class' ? classesOf(target) : null
  const old = base?.marksOf(checked) ?? null
  return assignRows(roles.split, { rows, strata, keys, given, old }, options.seed, options.split !== undefined)
}

/** Strata in the order of the classes, so that the order of rows alone decides nothing. */
function classesOf({ labels, ids }: Extract<CheckedRows['target'], { kind: 'class' }>) {
  const { labels: classes, place } = labels.ordered()
  return { classes: ids.values.map((id) => place[id] ?? 0), classCount: classes.length }
}

function idColumn({ id }: ColumnRoles, parsed: ParsedRows): IdColumn | null {
  if (id === null) return null
  const { at, survey } = columnAt(parsed, id)
  return { at, texts: survey.texts }
}

function sampleColumns(roles: ColumnRoles, parsed: ParsedRows): SampleColumn[] {
  const of = (indices: readonly number[], role: SampleColumn['role']) =>
    indices.flatMap((index) => {
      const column = parsed.columns[index]
      return column === null || column === undefined ? [] : [{ ...column, role }]
    })
  const isKey = (index: number) => roles.splitKeys.includes(index) && roles.split.by === 'group'
  return [
    ...of(roles.features, 'feature'),
    ...of(
      roles.ignored.filter((index) => !isKey(index)),
      'ignored',
    ),
    ...of(roles.ignored.filter(isKey), 'group'),
  ]
}

function requireUsable({ rows }: CheckedRows, parsed: ParsedRows, problems: Problems, file: string): void {
  if (rows > 0) return
  problems.throwIfAny()
  throw invalidData(file, {
    code: 'no_rows',
    what: parsed.rows === 0 ? 'there is no row with data' : 'no row can be used',
    hint: 'Upload at least one row.',
  })
}

function requireTraining(assignment: Assignment, file: string): void {
  const [train] = countSplits(assignment)
  if (train > 0) return
  throw invalidData(file, {
    code: 'no_training_rows',
    what: 'no row is in the training split',
    hint: 'Mark rows as train, or take a smaller share for the other splits.',
  })
}

interface AnalysisInput {
  readonly context: PrepareContext
  readonly parsed: ParsedRows
  readonly checked: CheckedRows
  readonly problems: Problems
  readonly written: WrittenRows
  readonly target: DatasetTarget
  readonly sample: PredictiveSample
  readonly quarantined: number
}

function describeAnalysis({ context, parsed, checked, problems, written, target, sample, quarantined }: AnalysisInput): DatasetAnalysis {
  const unread = quarantined - (parsed.rows - checked.rows)
  return {
    format: 1,
    mode: context.options.mode,
    rows: { read: parsed.rows + Math.max(0, unread), used: checked.rows, quarantined },
    target: checked.choice,
    problems: problems.list(),
    problem_count: problems.count,
    capped: problems.isCapped,
    leakage: {
      exact_duplicates: written.duplicates,
      near_duplicates: written.nearDuplicates,
      label_conflicts: written.conflicts,
      predictive_columns: sample.result(),
    },
    profile: {
      rows: checked.rows,
      splits: Object.fromEntries(
        [...written.splits].map(([name, { written: split, classCounts }]) => {
          return [name, { rows: split.rows, ...(classCounts === null ? {} : balanceOf(target, classCounts, split.rows)) }]
        }),
      ),
      columns: written.columns,
      targets: written.targets,
      images: written.images,
    },
  }
}

/** Rows of each class, and of each coarse class. */
function balanceOf(target: DatasetTarget, counts: readonly number[], rows: number) {
  const entry = (label: string, count: number) => ({ label, count, share: count / rows })
  const classes = 'classes' in target ? target.classes.map((label, c) => entry(label, counts[c] ?? 0)) : []
  if (target.kind !== 'class' || target.coarse === undefined) return { classes }
  const { coarse } = target
  const rowsOf = (index: number) => counts.reduce((sum, count, c) => sum + (coarse.of[c] === index ? count : 0), 0)
  return { classes, coarse_classes: coarse.classes.map((label, index) => entry(label, rowsOf(index))) }
}

function storeAnalysis(analysis: DatasetAnalysis, { outDir, keyPrefix }: PrepareContext) {
  const bytes = Buffer.from(JSON.stringify(analysis))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const path = join(outDir, 'analysis.json')
  writeFileSync(path, bytes, { mode: 0o600 })
  const entry: NonNullable<DatasetManifest['analysis']> = { key: `${keyPrefix}${sha256}.json`, bytes: bytes.length, sha256 }
  return { path, entry }
}
