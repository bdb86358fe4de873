// Mistakes in data, collected and grouped: a column with a million bad cells is one issue with a count and the first rows.

import { type Issue, TrainyardError } from '@trainyard/errors'

/** Groups kept; more are only counted. */
const GROUPS_MAX = 50
/** Rows named per group. */
const EXAMPLES_MAX = 3
/** Letters of a bad cell that are shown. */
const SHOWN_MAX = 40

export interface Problem {
  readonly code: string
  /** What is wrong, without the place: `text where a number is expected`. */
  readonly what: string
  readonly hint: string
  /** From 1, as a spreadsheet counts: a header is row 1. */
  readonly row?: number
  readonly column?: string
  /** The offending value. */
  readonly example?: string
  /** The whole row as the file spells it, or its beginning: for the file of rows that were left out. */
  readonly raw?: string
}

interface Group {
  readonly problem: Problem
  readonly examples: string[]
  count: number
}

/** @example problems.add({ code: 'not_a_number', what: 'text where a number is expected', row: 5, column: 'age', example: 'n/a', hint: '…' }) */
export class Problems {
  readonly #groups = new Map<string, Group>()
  #total = 0

  /** @param file name of the part that is read, for the texts */
  constructor(readonly file: string) {}

  get count(): number {
    return this.#total
  }

  add(problem: Problem): void {
    this.#total++
    const key = `${problem.code}\n${problem.column ?? ''}`
    let group = this.#groups.get(key)
    if (group === undefined) {
      if (this.#groups.size >= GROUPS_MAX) return
      group = { problem, examples: [], count: 0 }
      this.#groups.set(key, group)
    }
    group.count++
    if (problem.row !== undefined && group.examples.length < EXAMPLES_MAX) {
      group.examples.push(problem.example === undefined ? `row ${problem.row}` : `row ${problem.row}: ${shown(problem.example)}`)
    }
  }

  issues(): Issue[] {
    return [...this.#groups.values()].map(({ problem, examples, count }) => ({
      path: place(problem),
      code: problem.code,
      message: `${this.file}${problem.column === undefined ? '' : ` column ${shown(problem.column)}`}: ${problem.what}${
        examples.length === 0 ? '' : ` (${count === 1 ? '' : `${count} rows, first `}${examples.join('; ')})`
      }.`,
      hint: problem.hint,
    }))
  }

  /** @throws TrainyardError `invalid_data` when there is any */
  throwIfAny(): void {
    if (this.#total === 0) return
    const issues = this.issues()
    const kinds = issues.length === 1 ? '' : ` of ${issues.length} kinds`
    throw new TrainyardError('invalid_data', {
      detail: `${this.file} has ${this.#total} problem${this.#total === 1 ? '' : 's'}${kinds}. ${issues[0]?.message ?? ''}`,
      issues,
    })
  }
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
  return JSON.stringify(value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value)
}

function place({ row, column }: Problem): string {
  const parts = [row === undefined ? null : `row ${row}`, column === undefined ? null : `column ${shown(column)}`]
  return parts.filter((part) => part !== null).join(', ')
}
