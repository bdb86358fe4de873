import { readFileSync } from 'node:fs'
import { augmentationSchema } from '@trainyard/engine/spec'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { idx, memorySource, pathsOf, temporaryFolder } from '../testing.ts'
import { augmentedImages } from './augmented-images.ts'
import { contactSheet } from './contact-sheet.ts'
import { encodePng } from './png.ts'
import { previewRows } from './preview-rows.ts'
import { readWindow } from './read-window.ts'

describe('encodePng', () => {
  it.each([1, 3] as const)('writes what another library reads: %d channels', async (channels) => {
    const pixels = Uint8Array.from({ length: 7 * 5 * channels }, (_, i) => (i * 37) % 256)
    const { data, info } = await sharp(await encodePng({ width: 7, height: 5, channels, pixels }))
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true })
    expect([info.width, info.height, info.channels]).toEqual([7, 5, channels])
    expect([...data]).toEqual([...pixels])
  })
})

describe('contactSheet', () => {
  it('places images side by side, with gaps', () => {
    const images = Uint8Array.from([10, 20, 30])
    const { width, height, channels, pixels } = contactSheet(images, 3, [1, 1, 1], 2)
    // One pixel becomes 56 × 56; two columns, two rows, gaps of 2.
    expect([width, height, channels]).toEqual([118, 118, 1])
    const at = (x: number, y: number) => pixels[y * width + x]
    expect([at(0, 0), at(2, 2), at(57, 57), at(58, 2), at(60, 2), at(2, 60), at(60, 60)]).toEqual([128, 10, 10, 128, 20, 30, 128])
  })

  it('shows three channels as colours', () => {
    const { pixels, channels, width } = contactSheet(Uint8Array.from([1, 2, 3]), 1, [3, 1, 1])
    expect(channels).toBe(3)
    expect([...pixels.slice((2 * width + 2) * 3, (2 * width + 2) * 3 + 3)]).toEqual([1, 2, 3])
  })
})

describe('readWindow', () => {
  it('reads rows across shards, by ranges alone', async () => {
    const csv = `c,n,y\n${Array.from({ length: 20 }, (_, i) => `${i % 2 === 0 ? 'even' : 'odd'},${i === 7 ? '' : i},${i % 3 === 0 ? 'p' : 'q'}\n`).join('')}`
    const prepared = await prepareDataset({
      sources: [memorySource('file', csv)],
      options: { test_fraction: 0 },
      outDir: temporaryFolder(),
      limits: { shardBytesMax: 60 },
    })
    expect(prepared.manifest.splits.train?.shards.length).toBe(4)
    let bytes = 0
    const read = async (key: string, start: number, end: number) => {
      bytes += end - start + 1
      return readFileSync(pathsOf(prepared)[key] ?? '').subarray(start, end + 1)
    }
    const window = await readWindow(prepared.manifest, 'train', 4, 5, read)
    expect(bytes).toBeLessThan(600)
    expect(previewRows(prepared.manifest, window, 4)).toEqual(
      [4, 5, 6, 7, 8].map((i) => ({
        row: i,
        values: [
          { name: 'c', value: i % 2 === 0 ? 'even' : 'odd' },
          { name: 'n', value: i === 7 ? null : i },
        ],
        target: i % 3 === 0 ? 'p' : 'q',
      })),
    )
    expect((await readWindow(prepared.manifest, 'train', 18, 10, read)).rows).toBe(2)
    expect((await readWindow(prepared.manifest, 'train', 50, 10, read)).rows).toBe(0)
  })

  it('reads images, and labels of every kind', async () => {
    const sources = [
      memorySource('train_images', idx([3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])),
      memorySource('train_labels', idx([3], [7, 8, 7])),
    ]
    const prepared = await prepareDataset({ sources, options: { test_fraction: 0 }, outDir: temporaryFolder() })
    const read = async (key: string, start: number, end: number) => readFileSync(pathsOf(prepared)[key] ?? '').subarray(start, end + 1)
    const window = await readWindow(prepared.manifest, 'train', 1, 2, read)
    expect([...window.samples]).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
    expect(previewRows(prepared.manifest, window, 1)).toEqual([
      { row: 1, values: null, target: '8' },
      { row: 2, values: null, target: '7' },
    ])
  })
})

describe('augmentedImages', () => {
  it('shows the original, then its changes, the same for the same seed', () => {
    const image = Uint8Array.from({ length: 16 }, (_, i) => i * 16)
    const list = augmentationSchema.parse([{ type: 'horizontal_flip', probability: 1 }])
    const shown = augmentedImages(image, 1, [1, 4, 4], list, { copies: 2, seed: 1, firstRow: 0 })
    const flipped = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12].map((i) => i * 16)
    expect([...shown]).toEqual([...image, ...flipped, ...flipped])
    const noise = augmentationSchema.parse([{ type: 'gaussian_noise', std: 0.5 }])
    const of = (seed: number) => [...augmentedImages(image, 1, [1, 4, 4], noise, { copies: 2, seed, firstRow: 0 })]
    expect(of(1)).toEqual(of(1))
    expect(of(1)).not.toEqual(of(2))
    expect(of(1).slice(16, 32)).not.toEqual(of(1).slice(32))
  })
})
