// Images across splits that look the same. Candidates share a quarter of a 64-bit difference hash (dHash: is a place of the 9 × 8 thumbnail
// brighter than its right neighbour?), so that every pair within 3 bits is met; they are near duplicates when their 16 × 16 thumbnails differ
// little. Work per image and memory are bounded.

import { SPLIT_NAMES, TRAIN } from '../split/assignment.ts'
import { type ImageSize, Thumbnail } from './thumbnail.ts'

/** Images kept for comparison: 64 bits of hash and 256 bytes each, 28 MB per 100,000. */
const IMAGES_MAX = 200_000
const HASH_DISTANCE_MAX = 3
const THUMBNAIL = 16
const THUMBNAIL_VALUES = THUMBNAIL * THUMBNAIL
/** Mean difference of two thumbnails relative to their contrast (mean absolute deviation): JPEG at quality 50 gives about 0.03. */
const RELATIVE_DIFFERENCE_MAX = 0.06
/** Candidates looked at per image and band: images of one flat background share their hash. */
const CANDIDATES_MAX = 50
const BANDS = 4
const BUCKETS = 1 << 16
const EXAMPLES_MAX = 10

export interface NearDuplicateCounts {
  readonly compared: number
  readonly in_train: Readonly<Record<string, number>>
  readonly examples: readonly NearDuplicate[]
}

export interface NearDuplicate {
  readonly split: string
  readonly row: number
  readonly train_row: number
  readonly hash_distance: number
  /** Of the pixels of the thumbnails, 0 … 255, when both have the same mean brightness. */
  readonly mean_difference: number
}

export class NearDuplicates {
  readonly #hashed: Thumbnail
  readonly #small: Thumbnail
  readonly #hashes: Uint32Array
  readonly #thumbnails: Uint8Array
  readonly #rows: Uint32Array
  readonly #splits: Uint8Array
  /** Newest image of each bucket of each band, and the one before it of each image. */
  readonly #newest = new Int32Array(BANDS * BUCKETS).fill(-1)
  readonly #before: Int32Array
  #count = 0

  /** @param images how many will come; beyond IMAGES_MAX they are not looked at */
  constructor(size: ImageSize, images: number) {
    const capacity = Math.min(images, IMAGES_MAX)
    this.#hashed = new Thumbnail(size, 9, 8)
    this.#small = new Thumbnail(size, THUMBNAIL, THUMBNAIL)
    this.#hashes = new Uint32Array(capacity * 2)
    this.#thumbnails = new Uint8Array(capacity * THUMBNAIL_VALUES)
    this.#rows = new Uint32Array(capacity)
    this.#splits = new Uint8Array(capacity)
    this.#before = new Int32Array(capacity * BANDS)
  }

  add(pixels: Uint8Array, at: number, split: number, row: number): void {
    const image = this.#count
    if (image >= this.#rows.length) return
    this.#count++
    differenceHash(this.#hashed.draw(pixels, at), this.#hashes, image * 2)
    const small = this.#small.draw(pixels, at)
    for (let i = 0; i < THUMBNAIL_VALUES; i++) this.#thumbnails[image * THUMBNAIL_VALUES + i] = Math.round(small[i] as number)
    this.#rows[image] = row
    this.#splits[image] = split
  }

  /** Of the images that were added; `result` changes nothing of it. */
  snapshot() {
    const images = this.#count
    return {
      hashes: this.#hashes.subarray(0, images * 2),
      thumbnails: this.#thumbnails.subarray(0, images * THUMBNAIL_VALUES),
      rows: this.#rows.subarray(0, images),
      splits: this.#splits.subarray(0, images),
    }
  }

  restore({ hashes, thumbnails, rows, splits }: ReturnType<NearDuplicates['snapshot']>): void {
    this.#hashes.set(hashes)
    this.#thumbnails.set(thumbnails)
    this.#rows.set(rows)
    this.#splits.set(splits)
    this.#count = rows.length
  }

  /** Compares every image of another split with those of the training split. */
  result(): NearDuplicateCounts {
    for (let image = 0; image < this.#count; image++) if (this.#splits[image] === TRAIN) this.#enter(image)
    const counts = new Map<number, number>()
    const examples: NearDuplicate[] = []
    for (let image = 0; image < this.#count; image++) {
      const split = this.#splits[image] as number
      if (split === TRAIN) continue
      const match = this.#match(image)
      counts.set(split, (counts.get(split) ?? 0) + (match === null ? 0 : 1))
      if (match !== null && examples.length < EXAMPLES_MAX) examples.push(match)
    }
    const named = [...counts].map(([split, count]) => [SPLIT_NAMES[split] as string, count] as const)
    return { compared: this.#count, in_train: Object.fromEntries(named), examples }
  }

  #enter(image: number): void {
    for (let band = 0; band < BANDS; band++) {
      const bucket = band * BUCKETS + this.#band(image, band)
      this.#before[image * BANDS + band] = this.#newest[bucket] as number
      this.#newest[bucket] = image
    }
  }

  #match(image: number): NearDuplicate | null {
    for (let band = 0; band < BANDS; band++) {
      let other = this.#newest[band * BUCKETS + this.#band(image, band)] as number
      for (let seen = 0; other >= 0 && seen < CANDIDATES_MAX; seen++, other = this.#before[other * BANDS + band] as number) {
        const distance = this.#distance(image, other)
        if (distance > HASH_DISTANCE_MAX) continue
        const difference = this.#difference(image, other)
        if (difference === null) continue
        return {
          split: SPLIT_NAMES[this.#splits[image] as number] as string,
          row: this.#rows[image] as number,
          train_row: this.#rows[other] as number,
          hash_distance: distance,
          mean_difference: difference,
        }
      }
    }
    return null
  }

  #band(image: number, band: number): number {
    const word = this.#hashes[image * 2 + (band >> 1)] as number
    return (band & 1) === 0 ? word & 0xffff : word >>> 16
  }

  #distance(a: number, b: number): number {
    return (
      bitCount((this.#hashes[a * 2] as number) ^ (this.#hashes[b * 2] as number)) +
      bitCount((this.#hashes[a * 2 + 1] as number) ^ (this.#hashes[b * 2 + 1] as number))
    )
  }

  /** Mean difference of two thumbnails where it is small beside their contrast, else null. Flat images have no contrast: they are not compared. */
  #difference(a: number, b: number): number | null {
    const x = this.#thumbnails.subarray(a * THUMBNAIL_VALUES, (a + 1) * THUMBNAIL_VALUES)
    const y = this.#thumbnails.subarray(b * THUMBNAIL_VALUES, (b + 1) * THUMBNAIL_VALUES)
    let sumX = 0
    let sumY = 0
    for (let i = 0; i < THUMBNAIL_VALUES; i++) {
      sumX += x[i] as number
      sumY += y[i] as number
    }
    const mean = sumX / THUMBNAIL_VALUES
    const brighter = (sumY - sumX) / THUMBNAIL_VALUES
    let difference = 0
    let contrast = 0
    for (let i = 0; i < THUMBNAIL_VALUES; i++) {
      difference += Math.abs((y[i] as number) - (x[i] as number) - brighter)
      contrast += Math.abs((x[i] as number) - mean)
    }
    return contrast > 0 && difference <= RELATIVE_DIFFERENCE_MAX * contrast ? difference / THUMBNAIL_VALUES : null
  }
}

/**
 * dHash (Krawetz 2013): 64 bits, row by row, whether a place is brighter than its right neighbour.
 * @param grey 9 × 8
 */
export function differenceHash(grey: Float32Array, into: Uint32Array, at: number): void {
  into[at] = 0
  into[at + 1] = 0
  for (let bit = 0; bit < 64; bit++) {
    const place = (bit >> 3) * 9 + (bit & 7)
    if ((grey[place] as number) > (grey[place + 1] as number))
      into[at + (bit >> 5)] = ((into[at + (bit >> 5)] as number) | (1 << (bit & 31))) >>> 0
  }
}

/** Bits that are set, added up in parallel (Warren, Hacker's Delight, 5-1). */
function bitCount(word: number): number {
  let v = word - ((word >>> 1) & 0x55555555)
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333)
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}
