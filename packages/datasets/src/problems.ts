// Mistakes in data, collected and grouped: a column with a million bad cells is one issue with a count and the first rows.

import type { DataProblem } from '@trainyard/contracts'
import { type Issue, TrainyardError } from '@trainyard/errors'

/** Groups kept; more are only counted. */
const GROUPS_MAX = 50
/** Rows named per group. */
const EXAMPLES_MAX = 3
/** Letters of a bad cell that are shown. */
const SHOWN_MAX = 40

/** Rows of one file at most: the number of a row of several files holds the file above it. */
const PART_ROWS = 2 ** 40

/** The number of a row in the `part`-th file of several. */
export const partRow = (part: number, row: number): number => part * PART_ROWS + row
export const partOf = (row: number): number => Math.floor(row / PART_ROWS)
export const rowInPart = (row: number): number => row % PART_ROWS

export interface Problem {
  readonly code: string
  /** What is wrong, without the place: `text where a number is expected`. */
  readonly what: string
  readonly hint: string
  /** From 1, as a spreadsheet counts: a header is row 1. With the file, where there are several: `partRow`. */
  readonly row?: number
  readonly column?: string
  /** The offending value. */
  readonly example?: string
  /** The whole row as the file spells it, or its beginning: for the file of rows that were left out. */
  readonly raw?: string
  /** A warning leaves the data usable. Default: error. */
  readonly severity?: DataProblem['severity']
  /** How many rows have it, where they are counted already. Default: 1. */
  readonly count?: number
}

interface Group {
  readonly problem: Problem
  readonly file: string
  readonly examples: { readonly row: number; readonly value: string | null }[]
  count: number
}

/** @example problems.add({ code: 'not_a_number', what: 'text where a number is expected', row: 5, column: 'age', example: 'n/a', hint: '…' }) */
export class Problems {
  readonly #groups = new Map<string, Group>()
  #total = 0
  #errors = 0
  #isCapped = false

  /**
   * @param file name of what is read, for the texts
   * @param parts names of the files that rows are of; where they are several
   */
  constructor(
    readonly file: string,
    readonly parts: readonly string[] = [],
  ) {}

  /** Errors and warnings. */
  get count(): number {
    return this.#total
  }
  get errors(): number {
    return this.#errors
  }
  /** Whether there are kinds of problems that are not listed. */
  get isCapped(): boolean {
    return this.#isCapped
  }

  snapshot() {
    const groups = [...this.#groups.values()].map(({ problem, examples, count }) => ({
      problem: { ...problem },
      examples: examples.map((example) => ({ ...example })),
      count,
    }))
    return { groups, total: this.#total, errors: this.#errors, isCapped: this.#isCapped }
  }

  restore({ groups, total, errors, isCapped }: ReturnType<Problems['snapshot']>): void {
    for (const { problem, examples, count } of groups) {
      const { key, file } = this.#groupOf(problem)
      this.#groups.set(key, { problem, file, examples, count })
    }
    this.#total = total
    this.#errors = errors
    this.#isCapped = isCapped
  }

  add(problem: Problem): void {
    const count = problem.count ?? 1
    this.#total += count
    if (problem.severity !== 'warning') this.#errors += count
    const { key, file } = this.#groupOf(problem)
    let group = this.#groups.get(key)
    if (group === undefined) {
      if (this.#groups.size >= GROUPS_MAX) {
        this.#isCapped = true
        return
      }
      group = { problem, file, examples: [], count: 0 }
      this.#groups.set(key, group)
    }
    group.count += count
    if (problem.row !== undefined && group.examples.length < EXAMPLES_MAX) {
      group.examples.push({ row: rowInPart(problem.row), value: problem.example === undefined ? null : cut(problem.example) })
    }
  }

  #groupOf({ code, column, row }: Problem): { readonly key: string; readonly file: string } {
    const part = row === undefined ? null : partOf(row)
    return { key: `${code}\n${column ?? ''}\n${part ?? 0}`, file: part === null ? this.file : (this.parts[part] ?? this.file) }
  }

  /** All kinds that are listed, errors first. */
  list(): DataProblem[] {
    const problems = [...this.#groups.values()].map(({ problem, file, examples, count }) => ({
      severity: problem.severity ?? ('error' as const),
      code: problem.code,
      file,
      column: problem.column ?? null,
      message: messageOf(problem, file, examples, count),
      hint: problem.hint,
      count,
      examples,
    }))
    return problems.sort((a, b) => (a.severity < b.severity ? -1 : a.severity > b.severity ? 1 : 0))
  }

  /** The errors. */
  issues(): Issue[] {
    return [...this.#groups.values()]
      .filter(({ problem }) => problem.severity !== 'warning')
      .map(({ problem, file, examples, count }) => ({
        path: place(problem),
        code: problem.code,
        message: messageOf(problem, file, examples, count),
        hint: problem.hint,
        data: { file, column: problem.column ?? null, count, examples },
      }))
  }

  /**
   * @param hint how to go on. Default: correct the rows
   * @throws TrainyardError `invalid_data` when there is any error
   */
  throwIfAny(hint?: string): void {
    if (this.#errors === 0) return
    const issues = this.issues()
    const kinds = issues.length === 1 ? '' : ` of ${issues.length} kinds`
    throw new TrainyardError('invalid_data', {
      detail: `${this.file} has ${this.#errors} problem${this.#errors === 1 ? '' : 's'}${kinds}. ${issues[0]?.message ?? ''}`,
      ...(hint === undefined ? {} : { hint }),
      issues,
    })
  }
}

function messageOf({ column, what }: Problem, file: string, examples: Group['examples'], count: number): string {
  const where = column === undefined ? '' : ` column ${shown(column)}`
  const first = examples.map(({ row, value }) => (value === null ? `row ${row}` : `row ${row}: ${JSON.stringify(value)}`)).join('; ')
  return `${file}${where}: ${what}${first === '' ? '' : ` (${count === 1 ? '' : `${count} rows, first `}${first})`}.`
}

/** One mistake that makes the rest unreadable. */
export function invalidData(file: string, problem: Problem): TrainyardError {
  const problems = new Problems(file)
  problems.add(problem)
  const [issue] = problems.issues()
  return new TrainyardError('invalid_data', { detail: issue?.message ?? problem.what, hint: problem.hint, issues: issue ? [issue] : [] })
}

/** A value as it may be printed: quoted, short, without control characters. */
export function shown(value: string): string {
  return JSON.stringify(cut(value))
}

function cut(value: string): string {
  return value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value
}

function place({ row, column }: Problem): string {
  const parts = [row === undefined ? null : `row ${rowInPart(row)}`, column === undefined ? null : `column ${shown(column)}`]
  return parts.filter((part) => part !== null).join(', ')
}
