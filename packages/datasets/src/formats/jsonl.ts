// JSON Lines: one object per line. Keys become columns; lists of numbers become arrays of fixed shape.

import { isUtf8 } from 'node:buffer'
import type { ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'
import { invalidData, type Problem } from '../problems.ts'
import { MissingValues } from './csv/missing.ts'
import { openText } from './open-text.ts'
import {
  CELL,
  type CellValues,
  type ReadRequest,
  type RowBatch,
  type RowSource,
  type SourceColumn,
  type TensorValues,
} from './row-source.ts'
import type { DataSource } from './source.ts'

/** Lines that decide about the columns, and bytes that they may have. */
const SURVEYED_LINES = 1000
const SURVEYED_BYTES = 1 << 22
const BLOCK_BYTES = 1 << 19
const NEWLINE = 10
const RAW_MAX = 4096
/** Deepest nesting of a list: channels, height, width, and one more. */
const RANK_MAX = 4

type JsonRow = ReadonlyMap<string, unknown>
type Line = { readonly row: JsonRow } | { readonly problem: Problem }

/** @throws TrainyardError `invalid_data` when no line is an object */
export async function openJsonl(source: DataSource, options: ReadOptions, limits: PrepareLimits, signal?: AbortSignal): Promise<RowSource> {
  const reader = await openText(source, options, limits, signal)
  try {
    const head = await reader.peek(SURVEYED_BYTES)
    const isWhole = head.length < SURVEYED_BYTES
    const lines = [...linesOf(head, isWhole)].slice(0, SURVEYED_LINES)
    const rows = lines.flatMap(({ start, end }) => {
      const row = parseLine(head, start, end)
      return row !== null && 'row' in row ? [row.row] : []
    })
    if (rows.length === 0) {
      throw invalidData(source.name, {
        code: 'no_rows',
        what: 'none of the first lines is a JSON object',
        hint: 'Write one object per line: {"width": 3.5, "species": "setosa"}',
      })
    }
    return jsonlRows(source, columnsOf(rows, source.name, limits), options, limits)
  } finally {
    await reader.close()
  }
}

function jsonlRows(source: DataSource, columns: readonly SourceColumn[], options: ReadOptions, limits: PrepareLimits): RowSource {
  const known = new Set(columns.map(({ name }) => name))
  const missing = new MissingValues(options.missing_values ?? [])
  return {
    columns,
    rowCount: null,
    async *read({ onProblem, from, signal }: ReadRequest): AsyncGenerator<RowBatch> {
      let [line, offset]: [number, number] = [from?.[0] ?? 0, from?.[1] ?? 0]
      const reader = await openText(source, options, limits, signal)
      let block = Buffer.alloc(BLOCK_BYTES)
      try {
        await reader.skip(offset)
        let filled = 0
        for (let isLast = false; !isLast; ) {
          filled += await reader.readInto(block.subarray(filled))
          isLast = filled < block.length
          const rows: JsonRow[] = []
          const numbers: number[] = []
          let taken = 0
          for (const { start, end, next } of linesOf(block.subarray(0, filled), isLast)) {
            line++
            taken = next
            const parsed = parseLine(block, start, end)
            if (parsed === null) continue
            const problem = 'problem' in parsed ? parsed.problem : checkRow(parsed.row, columns, known)
            if (problem !== null) {
              onProblem({ ...problem, row: line, raw: block.toString('utf8', start, Math.min(end, start + RAW_MAX)) })
            } else if ('row' in parsed) {
              rows.push(parsed.row)
              numbers.push(line)
            }
          }
          if (taken === 0 && !isLast) {
            if (block.length >= limits.sampleBytesMax) throw lineTooLong(source.name, line + 1, limits)
            const grown = Buffer.alloc(Math.min(2 * block.length, limits.sampleBytesMax))
            block.copy(grown)
            block = grown
            continue
          }
          offset += taken
          if (rows.length > 0) {
            const values = columns.map((column) => (column.kind === 'cells' ? cellsOf(rows, column.name, missing) : tensorOf(rows, column)))
            yield {
              rows: rows.length,
              file: source.name,
              columns: values,
              rowNumber: (row) => numbers[row] as number,
              next: [line, offset],
            }
          }
          block.copyWithin(0, taken, filled)
          filled -= taken
        }
      } finally {
        await reader.close()
      }
    },
  }
}

function* linesOf(bytes: Uint8Array, isWhole: boolean): Generator<{ start: number; end: number; next: number }> {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start)
    if (found < 0 && !isWhole) return
    const end = found < 0 ? bytes.length : found
    const next = found < 0 ? bytes.length : found + 1
    yield { start, end, next }
    start = next
  }
}

/** The object of a line as a map, since names like __proto__ are names too; null for an empty line. */
function parseLine(bytes: Uint8Array, start: number, end: number): Line | null {
  const line = bytes.subarray(start, end)
  if (!isUtf8(line)) {
    const hint = 'Save the file as UTF-8, or name its encoding in the option "encoding".'
    return { problem: { code: 'bad_encoding', what: 'bytes that are not UTF-8', hint } }
  }
  const text = Buffer.from(line.buffer, line.byteOffset, line.length).toString('utf8')
  if (text.trim() === '') return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { row: new Map(Object.entries(value)) }
    return { problem: { code: 'not_an_object', what: 'lines that are no JSON object', example: text, hint: 'Write one object per line.' } }
  } catch (error) {
    const example = error instanceof Error ? error.message : String(error)
    return {
      problem: {
        code: 'bad_json',
        what: 'lines that are not JSON',
        example,
        hint: 'Write one object per line, without commas between lines.',
      },
    }
  }
}

function columnsOf(rows: readonly JsonRow[], file: string, limits: PrepareLimits): SourceColumn[] {
  const columns = new Map<string, SourceColumn>()
  for (const row of rows) {
    for (const [name, value] of row) {
      if (columns.has(name) || value === null) continue
      const shape = shapeOf(value)
      columns.set(
        name,
        shape === null ? { kind: 'cells', name, role: null } : { kind: 'tensor', name, role: null, dtype: 'float32', shape },
      )
    }
    for (const name of row.keys()) if (!columns.has(name)) columns.set(name, { kind: 'cells', name, role: null })
    if (columns.size > limits.columnsMax) {
      throw invalidData(file, {
        code: 'too_many_columns',
        what: `more than ${limits.columnsMax} different keys`,
        hint: 'Give all lines the same keys; write long rows of numbers as one list.',
      })
    }
  }
  return [...columns.values()]
}

/** Sizes of a rectangular list of numbers, else null. */
function shapeOf(value: unknown): number[] | null {
  const shape: number[] = []
  let inner = value
  while (Array.isArray(inner) && shape.length < RANK_MAX) {
    if (inner.length === 0) return null
    shape.push(inner.length)
    inner = inner[0]
  }
  return shape.length > 0 && typeof inner === 'number' && fits(value, shape) ? shape : null
}

function fits(value: unknown, shape: readonly number[], depth = 0): boolean {
  if (depth === shape.length) return typeof value === 'number'
  return Array.isArray(value) && value.length === shape[depth] && value.every((inner) => fits(inner, shape, depth + 1))
}

function checkRow(row: JsonRow, columns: readonly SourceColumn[], known: ReadonlySet<string>): Problem | null {
  for (const name of row.keys()) {
    if (!known.has(name)) {
      return { code: 'unknown_key', what: 'keys that none of the first lines has', column: name, hint: 'Give all lines the same keys.' }
    }
  }
  for (const column of columns) {
    const value = row.get(column.name)
    if (column.kind === 'tensor' && !fits(value, column.shape)) {
      const what = `values that are no list of numbers of shape ${column.shape.join('×')}`
      const example = JSON.stringify(value) ?? 'nothing'
      return {
        code: 'wrong_shape',
        what,
        column: column.name,
        example,
        hint: 'Give every line a list of the same shape, with numbers only.',
      }
    }
  }
  return null
}

function cellsOf(rows: readonly JsonRow[], name: string, missing: MissingValues): CellValues {
  const numbers = new Float64Array(rows.length).fill(Number.NaN)
  const states = new Uint8Array(rows.length)
  for (const [i, row] of rows.entries()) {
    const value = row.get(name)
    if (typeof value === 'number' || typeof value === 'boolean') {
      numbers[i] = Number(value)
      states[i] = CELL.number
    } else if (value !== undefined && value !== null && !(typeof value === 'string' && missing.hasText(value))) states[i] = CELL.text
  }
  return { kind: 'cells', numbers, states, text: (row) => spelled(rows[row]?.get(name)) }
}

function spelled(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function tensorOf(rows: readonly JsonRow[], { name, shape }: Extract<SourceColumn, { kind: 'tensor' }>): TensorValues {
  const size = shape.reduce((product, count) => product * count, 1)
  const data = new Float32Array(rows.length * size)
  for (const [i, row] of rows.entries()) data.set((row.get(name) as unknown[]).flat(RANK_MAX) as number[], i * size)
  return { kind: 'tensor', data }
}

function lineTooLong(file: string, line: number, { sampleBytesMax }: PrepareLimits) {
  return invalidData(file, {
    code: 'row_too_large',
    what: `a line has more than ${sampleBytesMax} bytes`,
    row: line,
    hint: 'Write one object per line.',
  })
}
