// Writes the index of a version while its rows are written: sorted digests in files of bounded size, and a summary.

import { createHash } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { ColumnProfile, RowIndex } from '@trainyard/contracts'
import { encode, type TensorData } from '@trainyard/engine/safetensors'
import type { KeptFile } from '../prepare/resume/progress-keeper.ts'
import type { Distribution } from '../sketch/quantiles.ts'
import { SPLIT_NAMES, UNMARKED } from '../split/assignment.ts'
import { ENTRY_WORDS, packPlace } from './entry.ts'
import type { DigestedRow, RowDigests } from './row-digests.ts'
import { SortedEntries } from './sorted-entries.ts'

export interface RowIndexOptions {
  readonly digests: RowDigests
  /** Rows that will come. */
  readonly rows: number
  /** All rows of the upload, those that are left out as well. */
  readonly parsedRows: number
  readonly outDir: string
  readonly keyPrefix: string
  /** Bytes of one file of digests. */
  readonly fileBytesMax: number
}

export interface WrittenIndex {
  readonly index: RowIndex
  readonly files: readonly { readonly key: string; readonly path: string }[]
}

export class RowIndexWriter {
  readonly #options: RowIndexOptions
  readonly #entries: SortedEntries
  readonly #entry: Uint32Array
  readonly #marks: Uint8Array
  readonly #next = SPLIT_NAMES.map(() => 0)

  constructor(options: RowIndexOptions) {
    this.#options = options
    const words = ENTRY_WORDS[options.digests.identity]
    this.#entries = new SortedEntries(options.outDir, words, options.rows)
    this.#entry = new Uint32Array(words)
    this.#marks = new Uint8Array(options.parsedRows).fill(UNMARKED)
  }

  /** The next row of its split. @param index among all rows of the upload */
  add(row: DigestedRow, split: number, index: number): void {
    const place = this.#next[split] as number
    this.#next[split] = place + 1
    this.#entry[this.#options.digests.write(row, this.#entry)] = packPlace(split, place)
    this.#entries.add(this.#entry)
    this.#marks[index] = split
  }

  /** @param distributions of the columns that are described, then of the targets that are values */
  finish(types: readonly ColumnProfile['type'][], distributions: readonly Distribution[]): WrittenIndex {
    const rows = this.#writeRows()
    const summary = this.#writeSummary(distributions)
    const { identity } = this.#options.digests
    const entry = ({ path: _path, ...file }: (typeof rows)[number]) => file
    return {
      index: {
        identity,
        types: [...types],
        summary: { key: summary.key, bytes: summary.bytes, sha256: summary.sha256 },
        rows: rows.map(entry),
      },
      files: [summary, ...rows].map(({ key, path }) => ({ key, path })),
    }
  }

  removeTemporary(): void {
    this.#entries.removeFiles()
  }

  get keptFiles(): readonly KeptFile[] {
    return this.#entries.keptFiles
  }

  snapshot() {
    return { entries: this.#entries.snapshot(), marks: this.#marks, next: this.#next }
  }

  restore({ entries, marks, next }: ReturnType<RowIndexWriter['snapshot']>, pathOf: (name: string) => string): void {
    this.#entries.restore(entries, pathOf)
    this.#marks.set(marks)
    this.#next.splice(0, next.length, ...next)
  }

  #writeRows() {
    const { outDir, keyPrefix, fileBytesMax, rows, digests } = this.#options
    const words = ENTRY_WORDS[digests.identity]
    const capacity = Math.max(1, Math.min(rows, Math.floor(fileBytesMax / (4 * words))))
    const buffer = new Uint32Array(capacity * words)
    const files: (RowIndex['rows'][number] & { readonly path: string })[] = []
    let filled = 0
    const flush = () => {
      const entries = filled / words
      const path = join(outDir, `index-${String(files.length).padStart(5, '0')}.safetensors`)
      const tensor: TensorData = { dtype: 'U32', shape: [entries, words], data: buffer.subarray(0, filled) }
      const file = writeFile(path, encode(new Map([['rows', tensor]])).chunks)
      files.push({ key: `${keyPrefix}${file.sha256}.safetensors`, rows: entries, ...file, path })
      filled = 0
    }
    for (const block of this.#entries.blocks()) {
      for (let from = 0; from < block.length; ) {
        const part = block.subarray(from, from + buffer.length - filled)
        buffer.set(part, filled)
        filled += part.length
        from += part.length
        if (filled === buffer.length) flush()
      }
    }
    if (filled > 0) flush()
    return files
  }

  #writeSummary(distributions: readonly Distribution[]) {
    const { outDir, keyPrefix } = this.#options
    const offsets = new Int32Array(distributions.length + 1)
    distributions.forEach(({ values }, i) => {
      offsets[i + 1] = (offsets[i] as number) + values.length
    })
    const total = offsets[distributions.length] as number
    const values = new Float32Array(total)
    const weights = new Float64Array(total)
    distributions.forEach((distribution, i) => {
      values.set(distribution.values, offsets[i])
      weights.set(distribution.weights, offsets[i])
    })
    const tensors = new Map<string, TensorData>([
      ['weights', { dtype: 'F64', shape: [total], data: weights }],
      ['values', { dtype: 'F32', shape: [total], data: values }],
      ['offsets', { dtype: 'I32', shape: [offsets.length], data: offsets }],
      ['marks', { dtype: 'U8', shape: [this.#marks.length], data: this.#marks }],
    ])
    const path = join(outDir, 'index-summary.safetensors')
    const file = writeFile(path, encode(tensors).chunks)
    return { path, key: `${keyPrefix}${file.sha256}.safetensors`, ...file }
  }
}

function writeFile(path: string, chunks: readonly Uint8Array[]): { bytes: number; sha256: string } {
  const hash = createHash('sha256')
  const file = openSync(path, 'w', 0o600)
  let bytes = 0
  try {
    for (const chunk of chunks) {
      hash.update(chunk)
      bytes += chunk.length
      for (let written = 0; written < chunk.length; ) written += writeSync(file, chunk, written)
    }
  } finally {
    closeSync(file)
  }
  return { bytes, sha256: hash.digest('hex') }
}
