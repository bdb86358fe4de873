// Large files of real shapes, the same bytes every time.

import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { encodePng } from '@trainyard/datasets'
import { ZipFile } from 'yazl'

const CATEGORIES = ['red', 'green', 'blue', 'yellow']
const ROWS_PER_WRITE = 5000
const SIDE = 28

/** Eight columns of numbers, one of categories, a class: 74 bytes a row. */
export async function csvFile(folder: string, rows: number): Promise<string> {
  const path = join(folder, `${rows}-rows.csv`)
  if (existsSync(path)) return path
  const next = numbers(1)
  const file = createWriteStream(path)
  file.write(`${Array.from({ length: 8 }, (_, i) => `f${i}`).join(',')},colour,y\n`)
  for (let row = 0; row < rows; ) {
    const lines: string[] = []
    for (const end = Math.min(rows, row + ROWS_PER_WRITE); row < end; row++) {
      const cells = Array.from({ length: 8 }, (_, i) => ((next() - 0.5) * 10 ** (1 + (i % 4))).toFixed(4))
      lines.push(`${cells.join(',')},${CATEGORIES[Math.floor(next() * 4)]},${next() < 0.3 ? 'yes' : 'no'}`)
    }
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
  return path
}

/** PNG images of 28 × 28 in ten class folders, all different. */
export async function imageZip(folder: string, images: number): Promise<string> {
  const path = join(folder, `${images}-images.zip`)
  if (existsSync(path)) return path
  const next = numbers(2)
  const zip = new ZipFile()
  const written = pipeline(zip.outputStream, createWriteStream(path))
  for (let i = 0; i < images; ) {
    const batch = Array.from({ length: Math.min(64, images - i) }, (_, k) => picture(next, i + k))
    const pngs = await Promise.all(batch.map((pixels) => encodePng({ width: SIDE, height: SIDE, channels: 1, pixels })))
    for (const png of pngs) {
      zip.addBuffer(png, `train/class-${i % 10}/${String(i).padStart(6, '0')}.png`, { compress: false, mtime: new Date(0) })
      i++
    }
  }
  zip.end()
  await written
  return path
}

/** A bright disc on noise, and the number of the image in its first pixels. */
function picture(next: () => number, number: number): Uint8Array {
  const [x0, y0, radius] = [8 + next() * 12, 8 + next() * 12, 3 + next() * 5]
  const pixels = Uint8Array.from({ length: SIDE * SIDE }, (_, i) => {
    const inside = (i % SIDE) - x0
    return inside ** 2 + (Math.floor(i / SIDE) - y0) ** 2 < radius ** 2 ? 200 + next() * 55 : next() * 20
  })
  pixels.set([number & 255, (number >> 8) & 255, number >> 16])
  return pixels
}

/** Uniform in 0 … 1 (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
