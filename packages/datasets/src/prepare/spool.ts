// The rows of an upload as they were parsed, in blocks: cells as columns, images or arrays as bytes. Written once while parsing, read several
// times after; a single block never reaches the disk. Blocks lie in files of their own from one stored state to the next, so that a later attempt
// of the preparation goes on with the files of the one before.

import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { KeptFile } from './resume/progress-keeper.ts'

/** A block: large enough that reading is sequential, small enough to be one of many buffers. */
const BLOCK_BYTES = 4 << 20
const BLOCK_ROWS_MAX = 8192

export interface SpoolLayout {
  /** Columns of cells, eight bytes each. */
  readonly cells: number
  /** Bytes of the array of one row; 0 where there is none. */
  readonly arrayBytes: number
}

/** Rows [firstRow, firstRow + rows). Valid until the next block is asked for. */
export interface SpoolBlock {
  readonly firstRow: number
  readonly rows: number
  /** Column c, row r at c · stride + r. */
  readonly cells: Float64Array
  /** The same memory: low and high word of cell i at 2i and 2i + 1. */
  readonly words: Uint32Array
  readonly stride: number
  readonly arrays: Uint8Array
}

interface Segment {
  readonly name: string
  readonly path: string
  blocks: number
}

export class Spool {
  readonly #directory: string
  readonly #stride: number
  readonly #buffer: ArrayBuffer
  readonly #bytes: Uint8Array
  readonly #cells: Float64Array
  readonly #words: Uint32Array
  readonly #arrays: Uint8Array
  #segments: Segment[] = []
  /** The newest segment, while it grows. */
  #file: number | null = null
  #blocks = 0
  #used = 0
  /** Rows of all blocks once writing has ended. */
  #total: number | null = null

  /** @param directory for files that are made when they are needed */
  constructor(directory: string, layout: SpoolLayout) {
    this.#directory = directory
    const rowBytes = layout.cells * 8 + layout.arrayBytes
    this.#stride = Math.max(1, Math.min(BLOCK_ROWS_MAX, Math.floor(BLOCK_BYTES / Math.max(1, rowBytes))))
    this.#buffer = new ArrayBuffer(this.#stride * rowBytes)
    this.#bytes = new Uint8Array(this.#buffer)
    this.#cells = new Float64Array(this.#buffer, 0, this.#stride * layout.cells)
    this.#words = new Uint32Array(this.#buffer, 0, this.#cells.length * 2)
    this.#arrays = new Uint8Array(this.#buffer, this.#cells.byteLength)
  }

  get rows(): number {
    return this.#total ?? this.#blocks * this.#stride + this.#used
  }

  /** Room for rows to be written in place; `commit` them then. */
  space(): SpoolBlock & { readonly from: number } {
    if (this.#used === this.#stride) this.#flush()
    return { ...this.#block(this.#blocks, this.#stride), from: this.#used }
  }

  commit(rows: number): void {
    this.#used += rows
  }

  /**
   * All rows in order. Nothing may be written any more.
   * @param firstRow where a block begins
   */
  *blocks(firstRow = 0): Generator<SpoolBlock> {
    const total = this.rows
    this.#total = total
    if (this.#blocks > 0 && this.#used > 0) this.#flush()
    this.#endSegment()
    if (this.#blocks === 0) {
      if (total > firstRow) yield this.#block(0, total)
      return
    }
    let block = 0
    for (const { path, blocks } of this.#segments) {
      const file = openSync(path, 'r')
      try {
        for (let i = 0; i < blocks; i++, block++) {
          if (block * this.#stride < firstRow) continue
          this.#read(file, i)
          yield this.#block(block, Math.min(this.#stride, total - block * this.#stride))
        }
      } finally {
        closeSync(file)
      }
    }
  }

  /** What is known of the rows, beside the files; the memory of the last block is the spool's own. */
  snapshot() {
    this.#endSegment()
    return {
      segments: this.#segments.map(({ name, blocks }) => ({ name, blocks })),
      last: this.#used > 0 ? this.#bytes : null,
      used: this.#used,
      total: this.#total,
    }
  }

  /** Those of the state. */
  get files(): readonly KeptFile[] {
    return this.#segments.map(({ name, path }) => ({ name, path }))
  }

  /** @param pathOf a file of the attempt before */
  restore({ segments, last, used, total }: ReturnType<Spool['snapshot']>, pathOf: (name: string) => string): void {
    this.#segments = segments.map(({ name, blocks }) => ({ name, blocks, path: pathOf(name) }))
    this.#blocks = segments.reduce((sum, { blocks }) => sum + blocks, 0)
    if (last !== null) this.#bytes.set(last)
    this.#used = used
    this.#total = total
  }

  /** Removes the files that were made here. */
  remove(): void {
    this.#endSegment()
    for (const { path, name } of this.#segments) if (path === join(this.#directory, name)) rmSync(path, { force: true })
  }

  #flush(): void {
    if (this.#file === null) {
      const name = `spool-${this.#segments.length}`
      const path = join(this.#directory, name)
      this.#file = openSync(path, 'w', 0o600)
      this.#segments.push({ name, path, blocks: 0 })
    }
    const bytes = this.#bytes
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written, bytes.length - written)
    const segment = this.#segments.at(-1) as Segment
    segment.blocks++
    this.#blocks++
    this.#used = 0
  }

  #endSegment(): void {
    if (this.#file !== null) closeSync(this.#file)
    this.#file = null
  }

  #read(file: number, block: number): void {
    const bytes = this.#bytes
    for (let read = 0; read < bytes.length; ) {
      const n = readSync(file, bytes, read, bytes.length - read, block * bytes.length + read)
      if (n === 0) throw new Error('the spool ends early')
      read += n
    }
  }

  #block(index: number, rows: number): SpoolBlock {
    return { firstRow: index * this.#stride, rows, cells: this.#cells, words: this.#words, stride: this.#stride, arrays: this.#arrays }
  }
}
