// A row as a user writes it, with the names of its columns, to the numbers that the dataset holds: what predictions take.

import type { Issue } from '@trainyard/errors'
import { MS_PER_DAY, parseDate } from '../prepare/cell.ts'

export type NamedRow = Readonly<Record<string, string | number | boolean | null>>

export interface RowColumns {
  readonly columns: readonly string[]
  readonly categories?: readonly (readonly string[] | null)[] | undefined
}

/** A category that the dataset does not know: equal to none, and not missing. */
const UNKNOWN = -1

/**
 * Columns that are not named are missing.
 * @param path of the row in what the user sent
 * @param issues gets every name that is no column, and every value that is none
 */
export function encodeRow(row: NamedRow, { columns, categories }: RowColumns, path: string, issues: Issue[]): Float32Array {
  const known = new Set(columns)
  for (const name of Object.keys(row)) {
    if (known.has(name)) continue
    const listed = columns.slice(0, 12).join(', ') + (columns.length > 12 ? ` … (${columns.length})` : '')
    issues.push({ path: `${path}.${name}`, code: 'no_such_column', message: `There is no column "${name}".`, hint: `Columns: ${listed}.` })
  }
  return Float32Array.from(columns, (name, i) => {
    const value = Object.hasOwn(row, name) ? (row[name] ?? null) : null
    if (value === null || value === '') return Number.NaN
    const labels = categories?.[i] ?? null
    if (labels !== null) {
      const code = labels.indexOf(String(value))
      return code < 0 ? UNKNOWN : code
    }
    const number = toNumber(value)
    if (!Number.isFinite(Math.fround(number))) {
      const message = `It is ${JSON.stringify(value)}. Expected a number, or null where it is missing.`
      issues.push({ path: `${path}.${name}`, code: 'not_a_number', message, hint: 'Dates are written as 2024-05-31.' })
    }
    return number
  })
}

function toNumber(value: string | number | boolean): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number.NaN
  const time = parseDate(value)
  return Number.isNaN(time) ? Number(value) : time / MS_PER_DAY
}
