// The rows of an upload as they were parsed, in blocks: cells as columns, images or arrays as bytes. Written once while parsing, read several
// times after; a single block never reaches the disk.

import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'

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

export class Spool {
  readonly #path: string
  readonly #stride: number
  readonly #buffer: ArrayBuffer
  readonly #cells: Float64Array
  readonly #words: Uint32Array
  readonly #arrays: Uint8Array
  #file: number | null = null
  #blocks = 0
  #used = 0
  /** Rows of all blocks once writing has ended. */
  #total: number | null = null

  /** @param path of a file that is made when it is needed */
  constructor(path: string, layout: SpoolLayout) {
    this.#path = path
    const rowBytes = layout.cells * 8 + layout.arrayBytes
    this.#stride = Math.max(1, Math.min(BLOCK_ROWS_MAX, Math.floor(BLOCK_BYTES / Math.max(1, rowBytes))))
    this.#buffer = new ArrayBuffer(this.#stride * rowBytes)
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

  /** All rows in order. Nothing may be written any more. */
  *blocks(): Generator<SpoolBlock> {
    const total = this.rows
    this.#total = total
    if (this.#blocks > 0 && this.#used > 0) this.#flush()
    if (this.#file === null) {
      if (total > 0) yield this.#block(0, total)
      return
    }
    for (let block = 0; block < this.#blocks; block++) {
      const bytes = new Uint8Array(this.#buffer)
      for (let read = 0; read < bytes.length; ) {
        const n = readSync(this.#file, bytes, read, bytes.length - read, block * bytes.length + read)
        if (n === 0) throw new Error('the spool ends early')
        read += n
      }
      yield this.#block(block, Math.min(this.#stride, total - block * this.#stride))
    }
  }

  close(): void {
    if (this.#file === null) return
    closeSync(this.#file)
    this.#file = null
    rmSync(this.#path, { force: true })
  }

  #flush(): void {
    this.#file ??= openSync(this.#path, 'w+', 0o600)
    const bytes = new Uint8Array(this.#buffer)
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#file, bytes, written, bytes.length - written, this.#blocks * bytes.length + written)
    }
    this.#blocks++
    this.#used = 0
  }

  #block(index: number, rows: number): SpoolBlock {
    return { firstRow: index * this.#stride, rows, cells: this.#cells, words: this.#words, stride: this.#stride, arrays: this.#arrays }
  }
}
