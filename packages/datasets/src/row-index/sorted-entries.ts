// Entries in order, within a bound of memory: runs are sorted in memory and written to temporary files, then merged (external merge sort,
// Knuth, The Art of Computer Programming 3, 5.4). One run never reaches the disk.

import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { KeptFile } from '../prepare/resume/progress-keeper.ts'
import { compareEntries } from './entry.ts'

/** Entries of a run at most: its place fits beside a 32-bit word into the 53 bits of a number. */
const RUN_ENTRIES_MAX = 1 << 20
/** Entries that are read of a run at once while merging. */
const READ_ENTRIES = 1 << 13

interface SpilledRun extends KeptFile {
  readonly entries: number
}

export class SortedEntries {
  readonly #directory: string
  readonly #words: number
  readonly #run: Uint32Array
  readonly #capacity: number
  #count = 0
  #spilled: SpilledRun[] = []

  /**
   * @param directory for files that are made when they are needed
   * @param words of an entry
   * @param entries that will come
   */
  constructor(directory: string, words: number, entries: number, runEntriesMax = RUN_ENTRIES_MAX) {
    this.#directory = directory
    this.#words = words
    this.#capacity = Math.max(1, Math.min(entries, runEntriesMax, RUN_ENTRIES_MAX))
    this.#run = new Uint32Array(this.#capacity * words)
  }

  /** @param entry its words, which are copied */
  add(entry: Uint32Array): void {
    if (this.#count === this.#capacity) this.#spill()
    this.#run.set(entry, this.#count * this.#words)
    this.#count++
  }

  /** All entries in order, in blocks that are valid until the next one is asked for. Nothing may be added any more. */
  *blocks(): Generator<Uint32Array> {
    if (this.#spilled.length === 0) {
      yield this.#sorted()
      return
    }
    this.#spill()
    const cursors: RunCursor[] = []
    try {
      for (const { path, entries } of this.#spilled) cursors.push(new RunCursor(path, entries, this.#words))
      yield* merge(cursors, this.#words)
    } finally {
      for (const cursor of cursors) cursor.close()
    }
  }

  /** Runs on the disk. */
  get keptFiles(): readonly KeptFile[] {
    return this.#spilled.map(({ name, path }) => ({ name, path }))
  }

  snapshot() {
    return {
      runs: this.#spilled.map(({ name, entries }) => ({ name, entries })),
      run: this.#run.subarray(0, this.#count * this.#words),
      count: this.#count,
    }
  }

  restore({ runs, run, count }: ReturnType<SortedEntries['snapshot']>, pathOf: (name: string) => string): void {
    this.#spilled = runs.map(({ name, entries }) => ({ name, entries, path: pathOf(name) }))
    this.#run.set(run)
    this.#count = count
  }

  /** Removes the files that were made here. */
  removeFiles(): void {
    for (const { name, path } of this.#spilled) if (path === join(this.#directory, name)) rmSync(path, { force: true })
  }

  #spill(): void {
    if (this.#count === 0) return
    const name = `digests-${this.#spilled.length}`
    const path = join(this.#directory, name)
    const sorted = this.#sorted()
    const bytes = new Uint8Array(sorted.buffer, sorted.byteOffset, sorted.byteLength)
    const file = openSync(path, 'w', 0o600)
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    } finally {
      closeSync(file)
    }
    this.#spilled.push({ name, path, entries: this.#count })
    this.#count = 0
  }

  /** First words and places as one number each are sorted as numbers; the few whose first words are equal are compared. */
  #sorted(): Uint32Array {
    const words = this.#words
    const keys = new Float64Array(this.#count)
    for (let i = 0; i < keys.length; i++) keys[i] = (this.#run[i * words] as number) * RUN_ENTRIES_MAX + i
    keys.sort()
    const order = Uint32Array.from(keys, (key) => key % RUN_ENTRIES_MAX)
    const first = (at: number) => this.#run[(order[at] as number) * words] as number
    for (let from = 0; from < order.length; ) {
      let to = from + 1
      while (to < order.length && first(to) === first(from)) to++
      if (to - from > 1) order.subarray(from, to).sort((a, b) => compareEntries(this.#run, a * words, this.#run, b * words, words))
      from = to
    }
    const sorted = new Uint32Array(order.length * words)
    for (let i = 0; i < order.length; i++) {
      const at = (order[i] as number) * words
      for (let word = 0; word < words; word++) sorted[i * words + word] = this.#run[at + word] as number
    }
    return sorted
  }
}

/** Reads one run. */
class RunCursor {
  buffer: Uint32Array
  /** Of the current entry in `buffer`. */
  at = 0
  #end = 0
  #next = 0
  #left: number
  readonly #file: number

  constructor(
    path: string,
    count: number,
    readonly words: number,
  ) {
    this.#file = openSync(path, 'r')
    this.#left = count
    this.buffer = new Uint32Array(Math.min(count, READ_ENTRIES) * words)
    this.#fill()
  }

  get isAtEnd(): boolean {
    return this.at === this.#end
  }

  close(): void {
    closeSync(this.#file)
  }

  advance(): void {
    this.at += this.words
    if (this.isAtEnd && this.#left > 0) this.#fill()
  }

  #fill(): void {
    const entries = Math.min(this.#left, READ_ENTRIES)
    const bytes = new Uint8Array(this.buffer.buffer, 0, entries * this.words * 4)
    const from = this.#next * this.words * 4
    for (let read = 0; read < bytes.length; ) {
      const n = readSync(this.#file, bytes, read, bytes.length - read, from + read)
      if (n === 0) throw new Error('the file of sorted runs ends early')
      read += n
    }
    this.#next += entries
    this.#left -= entries
    this.at = 0
    this.#end = entries * this.words
  }
}

/** The smallest of all runs is on top of a heap. */
function* merge(cursors: RunCursor[], words: number): Generator<Uint32Array> {
  const isBefore = (a: RunCursor, b: RunCursor) => compareEntries(a.buffer, a.at, b.buffer, b.at, words) < 0
  const heap = cursors.filter((cursor) => !cursor.isAtEnd)
  const sink = (from: number) => {
    for (let parent = from; ; ) {
      let least = parent
      for (const child of [2 * parent + 1, 2 * parent + 2]) {
        if (child < heap.length && isBefore(heap[child] as RunCursor, heap[least] as RunCursor)) least = child
      }
      if (least === parent) return
      const moved = heap[parent] as RunCursor
      heap[parent] = heap[least] as RunCursor
      heap[least] = moved
      parent = least
    }
  }
  for (let i = heap.length >> 1; i >= 0; i--) sink(i)
  const block = new Uint32Array(READ_ENTRIES * words)
  let filled = 0
  for (let top = heap[0]; top !== undefined; top = heap[0]) {
    for (let word = 0; word < words; word++) block[filled + word] = top.buffer[top.at + word] as number
    filled += words
    if (filled === block.length) {
      yield block
      filled = 0
    }
    top.advance()
    if (top.isAtEnd) {
      const last = heap.pop() as RunCursor
      if (heap.length > 0) heap[0] = last
    }
    sink(0)
  }
  if (filled > 0) yield block.subarray(0, filled)
}
