// Rows that were left out, as a CSV file to be downloaded: where they stood, what is wrong with them, and what they are. Cells that a
// spreadsheet would take for formulas are made harmless.

import { createHash } from 'node:crypto'
import { closeSync, copyFileSync, createReadStream, existsSync, openSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Problem, rowInPart } from '../problems.ts'
import type { KeptFile } from './resume/progress-keeper.ts'

/** Beyond it, rows are only counted. */
const BYTES_MAX = 256 << 20
const FLUSH_BYTES = 1 << 16

export interface QuarantineFile {
  readonly path: string
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
}

export class Quarantine {
  readonly #path: string | null
  readonly #hash = createHash('sha256')
  #file: number | null = null
  #pending = 'row,code,column,value,content\r\n'
  #bytes = 0
  #written = 0
  /** All rows that were left out, written or not. */
  rows = 0

  /** @param path null: rows are counted only (strict mode has no use for them) */
  constructor(path: string | null) {
    this.#path = path
  }

  /** A row that the reader could not make sense of. */
  addRaw(problem: Problem): void {
    this.add(problem, problem.raw ?? '')
  }

  add({ row, code, column, example }: Problem, content: string): void {
    this.rows++
    if (this.#path === null || this.#bytes + this.#pending.length >= BYTES_MAX) return
    this.#written++
    this.#pending += `${[row === undefined ? '' : String(rowInPart(row)), code, column ?? '', example ?? '', content].map(csvField).join(',')}\r\n`
    if (this.#pending.length >= FLUSH_BYTES) this.#flush()
  }

  /** The file as it is now, in a copy that does not grow any more. */
  snapshot() {
    const path = this.#path
    if (path === null || this.#written === 0) return { rows: this.rows, written: 0, bytes: 0, file: null }
    this.#flush()
    return { rows: this.rows, written: this.#written, bytes: this.#bytes, file: `quarantine-${this.#bytes}` }
  }

  /** Those of a state. */
  filesOf({ file }: ReturnType<Quarantine['snapshot']>): readonly KeptFile[] {
    if (file === null || this.#path === null) return []
    const path = join(dirname(this.#path), file)
    if (!existsSync(path)) copyFileSync(this.#path, path)
    return [{ name: file, path }]
  }

  async restore({ rows, written, bytes, file }: ReturnType<Quarantine['snapshot']>, pathOf: (name: string) => string): Promise<void> {
    this.rows = rows
    if (file === null || this.#path === null) return
    this.#written = written
    this.#bytes = bytes
    this.#pending = ''
    copyFileSync(pathOf(file), this.#path)
    for await (const chunk of createReadStream(this.#path)) this.#hash.update(chunk as Buffer)
    this.#file = openSync(this.#path, 'a', 0o600)
  }

  /** Null when no row was left out. */
  finish(): QuarantineFile | null {
    if (this.#path === null || this.#written === 0) {
      this.close()
      return null
    }
    this.#flush()
    this.close()
    return { path: this.#path, rows: this.#written, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #flush(): void {
    if (this.#path === null || this.#pending === '') return
    this.#file ??= openSync(this.#path, 'w', 0o600)
    const bytes = Buffer.from(this.#pending)
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written)
    this.#hash.update(bytes)
    this.#bytes += bytes.length
    this.#pending = ''
  }
}

/**
 * A field of CSV (RFC 4180), with an apostrophe before what a spreadsheet would calculate (OWASP, CSV injection); numbers stay numbers.
 * @example csvField('=1+1') // "'=1+1"
 */
export function csvField(text: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text))
  const safe = isFormula ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
