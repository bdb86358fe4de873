// The rows of two versions by their sorted indices: both are read once, side by side, and nothing is kept but the rows of one identity. Reading
// goes on in pieces between which others have their turn.

import type { RowChange, RowIndex, RowsDiff } from '@trainyard/contracts'
import { GrowableFloat64 } from '../growable.ts'
import { ENTRY_WORDS, placeOf, type RowPlace, splitOfPlace } from '../row-index/entry.ts'
import { type OpenObject, readEntries } from '../row-index/read-index.ts'
import { SPLIT_NAMES } from '../split/assignment.ts'

/** Entries that are compared at most: 320 MB. Of more rows, those with the smallest hashes are a sample. */
const ENTRIES_MAX = 16_000_000
const TWO_32 = 2 ** 32

export interface IndexedRows {
  readonly index: RowIndex
  readonly open: OpenObject
}

export interface Difference {
  readonly change: RowChange
  readonly base: RowPlace | null
  readonly version: RowPlace | null
}

export interface CompareOptions {
  /** Called for every row that differs, in the order of the index. @returns false when no more are wanted: counts end there */
  readonly onDifference?: (difference: Difference) => boolean
  readonly entriesMax?: number
}

/** @returns null where rows cannot be matched, since they are not known by the same */
export async function compareRows(base: IndexedRows, version: IndexedRows, options: CompareOptions = {}): Promise<RowsDiff | null> {
  const { identity } = version.index
  if (base.index.identity !== identity) return null
  const rowsOf = ({ index }: IndexedRows) => index.rows.reduce((sum, { rows }) => sum + rows, 0)
  const share = Math.min(1, (options.entriesMax ?? ENTRIES_MAX) / Math.max(1, rowsOf(base) + rowsOf(version)))
  const end = Math.ceil(share * TWO_32)
  const words = ENTRY_WORDS[identity]
  const [left, right] = [new Side(base, words, end), new Side(version, words, end)]
  const matcher = new Matcher(options.onDifference ?? (() => true))
  try {
    await left.start()
    await right.start()
    while (!(left.isAtEnd && right.isAtEnd) && !matcher.isStopped) {
      const order = left.isAtEnd ? 1 : right.isAtEnd ? -1 : left.key - right.key
      const key = order <= 0 ? left.key : right.key
      if (order <= 0) await left.takeGroup(key)
      else left.group.clear()
      if (order >= 0) await right.takeGroup(key)
      else right.group.clear()
      matcher.match(left.group, right.group)
    }
  } finally {
    await left.close()
    await right.close()
  }
  return { exact: share === 1, identity, ...matcher.result(share) }
}

/** Rows of one identity: contents (53 bits) and places, sorted by both. */
class Group {
  readonly contents = new GrowableFloat64()
  readonly places = new GrowableFloat64()

  clear(): void {
    this.contents.clear()
    this.places.clear()
  }
}

class Side {
  readonly group = new Group()
  readonly #blocks: AsyncGenerator<Uint32Array>
  readonly #words: number
  /** First words from here on are not compared. */
  readonly #end: number
  #block: Uint32Array = new Uint32Array(0)
  #at = 0
  isAtEnd = false

  constructor({ index, open }: IndexedRows, words: number, end: number) {
    this.#blocks = readEntries(index, open)
    this.#words = words
    this.#end = end
  }

  async start(): Promise<void> {
    await this.#fill()
  }

  /** Of the entry that is next, in the order of the index. */
  get key(): number {
    return (this.#block[this.#at] as number) * 0x20_0000 + (this.#block[this.#at + 1] as number)
  }

  /** All entries of one identity into `group`. */
  async takeGroup(key: number): Promise<void> {
    const { group } = this
    const words = this.#words
    group.clear()
    while (!this.isAtEnd && this.key === key) {
      const content = this.#at + words - 3
      group.contents.push((this.#block[content] as number) * 0x20_0000 + (this.#block[content + 1] as number))
      group.places.push(this.#block[content + 2] as number)
      this.#at += words
      if (this.#at === this.#block.length) await this.#fill()
      else this.#checkEnd()
    }
  }

  async close(): Promise<void> {
    await this.#blocks.return(undefined)
  }

  async #fill(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    const { value, done } = await this.#blocks.next()
    if (done === true) this.isAtEnd = true
    else {
      this.#block = value
      this.#at = 0
      this.#checkEnd()
    }
  }

  #checkEnd(): void {
    if ((this.#block[this.#at] as number) >= this.#end) this.isAtEnd = true
  }
}

const NO_COUNTS = { base: 0, version: 0, added: 0, removed: 0, changed: 0, moved_in: 0, moved_out: 0 }
type SplitCounts = { -readonly [K in keyof typeof NO_COUNTS]: number }

class Matcher {
  isStopped = false
  readonly #onDifference: (difference: Difference) => boolean
  readonly #counts = { unchanged: 0, added: 0, removed: 0, changed: 0, moved: 0 }
  readonly #splits: readonly SplitCounts[] = SPLIT_NAMES.map(() => ({ ...NO_COUNTS }))
  readonly #left = new Group()
  readonly #right = new Group()

  constructor(onDifference: (difference: Difference) => boolean) {
    this.#onDifference = onDifference
  }

  /** Rows of one identity: equal ones first, then equal ones of another split, then any two; what is left has no partner. */
  match(base: Group, version: Group): void {
    for (let i = 0; i < base.places.length; i++) this.#split(base.places.at(i)).base++
    for (let i = 0; i < version.places.length; i++) this.#split(version.places.at(i)).version++
    if (isSameRow(base, version)) {
      this.#counts.unchanged++
      return
    }
    pair(base, version, true, this.#left, this.#right, () => this.#counts.unchanged++)
    if (this.#left.places.length === 0 && this.#right.places.length === 0) return
    const [movedFrom, movedTo] = [new Group(), new Group()]
    pair(this.#left, this.#right, false, movedFrom, movedTo, (from, to) => this.#differ('moved', from, to))
    const [from, to] = [movedFrom.places.values, movedTo.places.values]
    for (let i = 0; i < Math.max(from.length, to.length); i++) {
      this.#differ(i >= from.length ? 'added' : i >= to.length ? 'removed' : 'changed', from[i] ?? null, to[i] ?? null)
    }
  }

  result(share: number) {
    const scaled = (count: number) => Math.round(count / share)
    const { unchanged, added, removed, changed, moved } = this.#counts
    const entries = this.#splits.flatMap((counts, split) =>
      counts.base + counts.version === 0
        ? []
        : [
            [
              SPLIT_NAMES[split] as string,
              {
                base: scaled(counts.base),
                version: scaled(counts.version),
                added: scaled(counts.added),
                removed: scaled(counts.removed),
                changed: scaled(counts.changed),
                moved_in: scaled(counts.moved_in),
                moved_out: scaled(counts.moved_out),
              },
            ] as const,
          ],
    )
    return {
      base: scaled(unchanged + removed + changed + moved),
      version: scaled(unchanged + added + changed + moved),
      unchanged: scaled(unchanged),
      added: scaled(added),
      removed: scaled(removed),
      changed: scaled(changed),
      moved: scaled(moved),
      splits: Object.fromEntries(entries),
    }
  }

  #split(place: number): SplitCounts {
    return this.#splits[splitOfPlace(place)] as SplitCounts
  }

  #differ(change: RowChange, base: number | null, version: number | null): void {
    this.#counts[change]++
    if (change === 'moved') {
      if (base !== null) this.#split(base).moved_out++
      if (version !== null) this.#split(version).moved_in++
    } else this.#split((version ?? base) as number)[change]++
    if (this.isStopped) return
    const difference = { change, base: base === null ? null : placeOf(base), version: version === null ? null : placeOf(version) }
    this.isStopped = !this.#onDifference(difference)
  }
}

/** What nearly all identities are: one row on either side, which has not changed. */
function isSameRow(base: Group, version: Group): boolean {
  if (base.places.length !== 1 || version.places.length !== 1) return false
  return base.contents.at(0) === version.contents.at(0) && splitOfPlace(base.places.at(0)) === splitOfPlace(version.places.at(0))
}

/** Pairs rows of equal content, in the same split where asked for; what has no partner goes on. Both are sorted by content and place. */
function pair(
  base: Group,
  version: Group,
  sameSplit: boolean,
  left: Group,
  right: Group,
  onPair: (base: number, version: number) => void,
): void {
  left.clear()
  right.clear()
  const [a, b] = [base.contents.values, version.contents.values]
  const [p, q] = [base.places.values, version.places.values]
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const order =
      i >= a.length ? 1 : j >= b.length ? -1 : compare(a[i] as number, b[j] as number, p[i] as number, q[j] as number, sameSplit)
    if (order === 0) onPair(p[i++] as number, q[j++] as number)
    else if (order < 0) move(a[i] as number, p[i++] as number, left)
    else move(b[j] as number, q[j++] as number, right)
  }
}

function compare(a: number, b: number, p: number, q: number, sameSplit: boolean): number {
  return a - b || (sameSplit ? splitOfPlace(p) - splitOfPlace(q) : 0)
}

function move(content: number, place: number, into: Group): void {
  into.contents.push(content)
  into.places.push(place)
}
