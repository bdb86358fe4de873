// Equal inputs among all rows, within a bound of memory. While all different inputs fit, counts are exact; beyond that the index keeps every
// 2nd, 4th, 8th … input by its hash, with all its rows, and extrapolates. Inputs are compared by 53 bits of hash: among a million rows the
// chance of one false pair is 1 in 18,000.

import { SPLIT_NAMES, TRAIN } from '../split/assignment.ts'

/** Slots at most: 2^22 · 32 bytes = 134 MB, for 3.1 million different inputs. */
const SLOTS_MAX = 1 << 22
const SLOTS_START = 1 << 12
const FILL = 0.75
const SPLITS = SPLIT_NAMES.length
const EXAMPLES_MAX = 10
const NONE = 0xffff_ffff
/** A label that stands for several. */
const CONFLICT = Number.NaN

export interface DuplicateCounts {
  readonly exact: boolean
  readonly within: Readonly<Record<string, number>>
  readonly in_train: Readonly<Record<string, number>>
  readonly examples: readonly { readonly split: string; readonly row: number; readonly train_row: number }[]
}

export interface ConflictCounts {
  readonly inputs: number
  readonly examples: readonly { readonly row: number; readonly other_row: number }[]
}

export class DuplicateIndex {
  readonly #slotsMax: number
  #hashes = new Float64Array(SLOTS_START).fill(-1)
  #counts = new Uint32Array(SLOTS_START * SPLITS)
  /** First row of the training split, and of any other. */
  #firstTrain = new Uint32Array(SLOTS_START).fill(NONE)
  #firstOther = new Uint32Array(SLOTS_START).fill(NONE)
  #labels = new Float32Array(SLOTS_START)
  #used = 0
  /** Only hashes that are multiples of it are kept. */
  #modulus = 1
  readonly #conflicts: { row: number; other_row: number }[] = []

  constructor(slotsMax = SLOTS_MAX) {
    this.#slotsMax = slotsMax
  }

  /**
   * @param hash of the row's input, 53 bits
   * @param label a number that equal targets share
   */
  add(hash: number, split: number, label: number, row: number): void {
    // A remainder of numbers beyond 32 bits takes many times as long as the rest of this.
    if (this.#modulus > 1 && hash % this.#modulus !== 0) return
    const slot = this.#find(hash)
    const isNew = this.#hashes[slot] !== hash
    if (isNew) {
      this.#hashes[slot] = hash
      this.#labels[slot] = label
      this.#used++
    } else if (this.#labels[slot] !== Math.fround(label)) this.#conflict(slot, row)
    const at = slot * SPLITS + split
    this.#counts[at] = (this.#counts[at] as number) + 1
    const first = split === TRAIN ? this.#firstTrain : this.#firstOther
    if (first[slot] === NONE) first[slot] = row
    if (isNew && this.#used > FILL * this.#hashes.length) this.#makeRoom()
  }

  snapshot() {
    return {
      hashes: this.#hashes,
      counts: this.#counts,
      firstTrain: this.#firstTrain,
      firstOther: this.#firstOther,
      labels: this.#labels,
      used: this.#used,
      modulus: this.#modulus,
      conflicts: this.#conflicts,
    }
  }

  restore(state: ReturnType<DuplicateIndex['snapshot']>): void {
    this.#hashes = state.hashes
    this.#counts = state.counts
    this.#firstTrain = state.firstTrain
    this.#firstOther = state.firstOther
    this.#labels = state.labels
    this.#used = state.used
    this.#modulus = state.modulus
    this.#conflicts.push(...state.conflicts)
  }

  duplicates(): DuplicateCounts {
    const within = new Array<number>(SPLITS).fill(0)
    const inTrain = new Array<number>(SPLITS).fill(0)
    const present = new Array<boolean>(SPLITS).fill(false)
    const examples: { split: string; row: number; train_row: number }[] = []
    for (let slot = 0; slot < this.#hashes.length; slot++) {
      if ((this.#hashes[slot] as number) < 0) continue
      const train = this.#counts[slot * SPLITS] as number
      for (let split = 0; split < SPLITS; split++) {
        const count = this.#counts[slot * SPLITS + split] as number
        if (count === 0) continue
        present[split] = true
        within[split] = (within[split] as number) + count - 1
        if (split === TRAIN || train === 0) continue
        inTrain[split] = (inTrain[split] as number) + count
        // Of two other splits, the first row belongs to one of them.
        const isOnly = (this.#counts[slot * SPLITS + SPLITS - split] as number) === 0
        if (isOnly)
          examples.push({
            split: SPLIT_NAMES[split] as string,
            row: this.#firstOther[slot] as number,
            train_row: this.#firstTrain[slot] as number,
          })
      }
    }
    examples.sort((a, b) => a.row - b.row)
    const named = (counts: readonly number[], skip: number) =>
      Object.fromEntries(
        counts.flatMap((count, split) => (present[split] && split !== skip ? [[SPLIT_NAMES[split], count * this.#modulus]] : [])),
      )
    return {
      exact: this.#modulus === 1,
      within: named(within, -1),
      in_train: named(inTrain, TRAIN),
      examples: examples.slice(0, EXAMPLES_MAX),
    }
  }

  conflicts(): ConflictCounts {
    let inputs = 0
    for (let slot = 0; slot < this.#hashes.length; slot++) {
      if ((this.#hashes[slot] as number) >= 0 && Number.isNaN(this.#labels[slot])) inputs++
    }
    return { inputs: inputs * this.#modulus, examples: this.#conflicts }
  }

  #conflict(slot: number, row: number): void {
    if (Number.isNaN(this.#labels[slot])) return
    this.#labels[slot] = CONFLICT
    const other = Math.min(this.#firstTrain[slot] as number, this.#firstOther[slot] as number)
    if (this.#conflicts.length < EXAMPLES_MAX) this.#conflicts.push({ row, other_row: other })
  }

  /** The slot of a hash, or the empty one where it belongs. */
  #find(hash: number): number {
    const hashes = this.#hashes
    // Lengths are powers of two.
    const mask = hashes.length - 1
    let slot = Math.floor(hash / this.#modulus) & mask
    while (hashes[slot] !== hash && (hashes[slot] as number) >= 0) slot = (slot + 1) & mask
    return slot
  }

  #makeRoom(): void {
    const slots = this.#hashes.length < this.#slotsMax ? this.#hashes.length * 2 : this.#hashes.length
    if (slots === this.#hashes.length) this.#modulus *= 2
    const old = { hashes: this.#hashes, counts: this.#counts, train: this.#firstTrain, other: this.#firstOther, labels: this.#labels }
    this.#hashes = new Float64Array(slots).fill(-1)
    this.#counts = new Uint32Array(slots * SPLITS)
    this.#firstTrain = new Uint32Array(slots)
    this.#firstOther = new Uint32Array(slots)
    this.#labels = new Float32Array(slots)
    this.#firstTrain.fill(NONE)
    this.#firstOther.fill(NONE)
    this.#used = 0
    old.hashes.forEach((hash, from) => {
      if (hash < 0 || hash % this.#modulus !== 0) return
      const slot = this.#find(hash)
      this.#hashes[slot] = hash
      for (let split = 0; split < SPLITS; split++) this.#counts[slot * SPLITS + split] = old.counts[from * SPLITS + split] as number
      this.#firstTrain[slot] = old.train[from] as number
      this.#firstOther[slot] = old.other[from] as number
      this.#labels[slot] = old.labels[from] as number
      this.#used++
    })
  }
}
