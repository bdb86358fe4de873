// Every kind against pictures computed by hand, the draws against the generator, and probabilities against their binomial spread.

import { fillWords } from '@trainyard/engine/random'
import { type AugmentationType, augmentationSchema } from '@trainyard/engine/spec'
import { describe, expect, it } from 'vitest'
import { createNormalizer } from '../batches/normalize.ts'
import { Augmenter } from './augmenter.ts'
import { TRANSFORMS } from './transforms.ts'

type List = Parameters<typeof augmentationSchema.parse>[0]
type Shape = readonly [channels: number, height: number, width: number]

const SEED = 5
const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9]

interface Setting {
  readonly scale?: number
  readonly mean?: number
  readonly std?: number
  readonly seed?: number
}

/** Without further words, normalization changes nothing: results are raw pixels. */
function augmenter(list: List, shape: Shape, { scale = 1, mean = 0, std = 1, seed = SEED }: Setting = {}): Augmenter {
  const channels = Array.from({ length: shape[0] })
  const normalizer = createNormalizer(
    { kind: 'image', shape: [...shape] },
    { scale, mean: channels.map(() => mean), std: channels.map(() => std) },
  )
  return new Augmenter({ list: augmentationSchema.parse(list), seed, shape, normalizer })
}

function sampleOf(tool: Augmenter, image: readonly number[], row = 0, epoch = 0): number[] {
  const into = new Float32Array(image.length)
  tool.augment(Uint8Array.from(image), 0, epoch, row, into, 0)
  tool.corrupt(into, 0, epoch, row)
  return [...into]
}

function once(list: List, image: readonly number[], shape: Shape = [1, 3, 3], setting: Setting = {}): number[] {
  return sampleOf(augmenter(list, shape, setting), image)
}

const close = (values: readonly number[], digits = 4) => values.map((value) => expect.closeTo(value, digits))

/** A share that k of n binomial draws may show: within four deviations, at a fixed seed. */
function expectShare(hits: number, n: number, p: number): void {
  expect(Math.abs(hits - n * p)).toBeLessThanOrEqual(4 * Math.sqrt(n * p * (1 - p)))
}

describe('geometry, by hand', () => {
  const always = { probability: 1 }
  it.each<[string, List, readonly number[], Shape?, (readonly number[])?]>([
    ['nothing', [], NINE],
    ['horizontal flip', [{ type: 'horizontal_flip', ...always }], [3, 2, 1, 6, 5, 4], [1, 2, 3], [1, 2, 3, 4, 5, 6]],
    [
      'vertical flip of two channels',
      [{ type: 'vertical_flip', ...always }],
      [3, 4, 1, 2, 7, 8, 5, 6],
      [2, 2, 2],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ],
    ['a quarter turn, counter-clockwise', [{ type: 'rotation', degrees: [90, 90] }], [3, 6, 9, 2, 5, 8, 1, 4, 7]],
    ['a quarter turn, clockwise', [{ type: 'rotation', degrees: [-90, -90] }], [7, 4, 1, 8, 5, 2, 9, 6, 3]],
    ['half a turn', [{ type: 'rotation', degrees: [180, 180] }], [6, 5, 4, 3, 2, 1], [1, 2, 3], [1, 2, 3, 4, 5, 6]],
    // Corners come from √2 above, below or beside the centre, √2 − 1 outside; edges from the middles of the four pixels of a corner.
    [
      'an eighth of a turn',
      [{ type: 'rotation', degrees: [45, 45] }],
      [2, 6, 4, 8].flatMap((value) => value * (2 - Math.SQRT2)).toSpliced(1, 0, 0),
    ],
    ['a shift by a pixel to the right', [{ type: 'translation', horizontal: [1 / 3, 1 / 3] }], [0, 1, 2, 0, 4, 5, 0, 7, 8]],
    ['a shift by a pixel up', [{ type: 'translation', vertical: [-1 / 3, -1 / 3] }], [4, 5, 6, 7, 8, 9, 0, 0, 0]],
    ['a shift by half a pixel down', [{ type: 'translation', vertical: [1 / 6, 1 / 6] }], [0.5, 1, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]],
    ['zoom', [{ type: 'scale', factor: [2, 2] }], [10, 15, 20, 25, 30], [1, 1, 5], [0, 10, 20, 30, 40]],
    ['zoom out', [{ type: 'scale', factor: [0.5, 0.5] }], [0, 0, 20, 40, 0], [1, 1, 5], [0, 10, 20, 30, 40]],
    ['a window as large as the image', [{ type: 'random_crop' }], NINE],
    ['the whole area', [{ type: 'random_resized_crop', area: [1, 1], ratio: [1, 1] }], NINE],
    ['the whole area, where no window fits', [{ type: 'random_resized_crop', area: [1, 1], ratio: [4, 4] }], NINE],
    ['a distortion without strength', [{ type: 'elastic_distortion', alpha: 0 }], NINE],
  ])('%s', (what, list, expected, shape = [1, 3, 3], image = NINE) => {
    const found = once(list, image, shape)
    if (what === 'an eighth of a turn') expect([found[0], found[4]]).toEqual(close([2 * (2 - Math.SQRT2), 5]))
    else expect(found).toEqual(close(expected))
  })

  it('crops at all nine places, equally often, black where the padding shows', () => {
    const tool = augmenter([{ type: 'random_crop', padding: 1 }], [1, 3, 3])
    const at = (x: number, y: number) => (x < 0 || y < 0 || x > 2 || y > 2 ? 0 : (NINE[3 * y + x] ?? 0))
    const windows = [-1, 0, 1].flatMap((top) =>
      [-1, 0, 1].map((left) => NINE.map((_, i) => at((i % 3) + left, Math.floor(i / 3) + top)).join()),
    )
    const counts = new Map(windows.map((window) => [window, 0]))
    for (let row = 0; row < 900; row++) {
      const found = sampleOf(tool, NINE, row).join()
      expect(counts.has(found)).toBe(true)
      counts.set(found, (counts.get(found) ?? 0) + 1)
    }
    for (const count of counts.values()) expectShare(count, 900, 1 / 9)
  })

  it('enlarges a smaller window, corner to corner', () => {
    const tool = augmenter([{ type: 'random_crop', size: 2 }], [1, 3, 3])
    const windows = [1, 2, 4, 5].map((a) => {
      const [b, c, d] = [a + 1, a + 3, a + 4]
      return [a, (a + b) / 2, b, (a + c) / 2, (a + b + c + d) / 4, (b + d) / 2, c, (c + d) / 2, d].join()
    })
    const found = new Set(Array.from({ length: 60 }, (_, row) => sampleOf(tool, NINE, row).join()))
    expect([...found].sort()).toEqual(windows.sort())
  })

  it('takes windows of the area and shape that were asked for', () => {
    // The slope of a ramp tells the size of the window.
    const image = Array.from({ length: 256 }, (_, i) => (i % 16) * 10 + Math.floor(i / 16))
    const tool = augmenter([{ type: 'random_resized_crop', area: [0.25, 0.5], ratio: [0.5, 2] }], [1, 16, 16])
    const shapes = Array.from({ length: 200 }, (_, row) => {
      const [first = 0, right = 0, below = 0] = [0, 15, 240].map((i) => sampleOf(tool, image, row)[i])
      return { columns: (right - first) / 10 + 1, rows: below - first + 1 }
    })
    for (const { columns, rows } of shapes) {
      expect(Math.abs(columns - Math.round(columns))).toBeLessThan(1e-4)
      // Whole pixels: half a pixel on either side.
      expect(columns * rows).toBeGreaterThan(0.25 * 256 - (columns + rows) / 2)
      expect(columns * rows).toBeLessThan(0.5 * 256 + (columns + rows) / 2)
    }
    expect(new Set(shapes.map(({ columns, rows }) => `${columns.toFixed()}x${rows.toFixed()}`)).size).toBeGreaterThan(20)
  })

  it('draws angles, shifts and factors from their whole range', () => {
    // One line with a ramp: the middle pixel shows the shift, the slope the zoom.
    const ramp = Array.from({ length: 101 }, (_, i) => 2 * i)
    const shifts = augmenter([{ type: 'translation', horizontal: 0.1 }], [1, 1, 101])
    const found = Array.from({ length: 500 }, (_, row) => (100 - (sampleOf(shifts, ramp, row)[50] ?? 0)) / 2)
    expect(Math.min(...found)).toBeGreaterThanOrEqual(-10.1)
    expect(Math.max(...found)).toBeLessThanOrEqual(10.1)
    for (const part of [-2, -1, 0, 1]) expectShare(found.filter((x) => x >= part * 5.05 && x < (part + 1) * 5.05).length, 500, 0.25)
    const zooms = augmenter([{ type: 'scale', factor: [1, 2] }], [1, 1, 101])
    const steps = Array.from({ length: 500 }, (_, row) => {
      const line = sampleOf(zooms, ramp, row)
      return 2 / ((line[51] ?? 0) - (line[50] ?? 0))
    })
    expectShare(steps.filter((f) => f < 1.5).length, 500, 0.5)
    expect([Math.min(...steps) >= 0.999, Math.max(...steps) <= 2.001]).toEqual([true, true])
  })
})

describe('a list', () => {
  const turn = { type: 'rotation', degrees: [90, 90] } as const
  const shift = { type: 'translation', horizontal: [1 / 3, 1 / 3] } as const
  const flip = { type: 'horizontal_flip', probability: 1 } as const
  const window = { type: 'random_crop', size: 2, padding: 0, probability: 0 } as const

  it.each([
    [turn, shift],
    [shift, turn],
    [shift, flip],
    [flip, turn],
  ])('is applied in order, in one resampling: %o, %o', (first, second) => {
    expect(once([first, second], NINE)).toEqual(close(once([second], once([first], NINE).map(Math.round))))
  })

  it('resamples once: half a pixel there and back again loses nothing but the border', () => {
    const half = (to: number) => ({ type: 'translation', horizontal: [to / 6, to / 6] }) as const
    expect(once([half(1), half(-1)], NINE)).toEqual(close(NINE))
  })

  it('resamples again behind a distortion', () => {
    const elastic = { type: 'elastic_distortion', alpha: 20, sigma: 2 } as const
    const image = Array.from({ length: 64 }, (_, i) => (i * 37) % 256)
    const distorted = once([elastic], image, [1, 8, 8])
    const mirrored = distorted.map((_, i) => distorted[i - (i % 8) + 7 - (i % 8)] ?? 0)
    expect(once([elastic, flip], image, [1, 8, 8])).toEqual(close(mirrored, 3))
  })

  it('keeps the order of changes of pixels and of places', () => {
    const bright = { type: 'brightness', factor: [2, 2] } as const
    const grey = { type: 'contrast', factor: [0, 0] } as const
    // The mean of 1, 2, 3 and the mean of 0, 1, 2: before the shift and behind it.
    expect(once([grey, shift], [1, 2, 3], [1, 1, 3])).toEqual(close([0, 2, 2]))
    expect(once([shift, grey, bright], [1, 2, 3], [1, 1, 3])).toEqual(close([2, 2, 2]))
  })

  it('gives each place its own numbers, whatever happens at the others', () => {
    const noise = { type: 'translation', horizontal: 0.4, vertical: 0.4 } as const
    const alone = once([{ ...flip, probability: 0 }, noise], NINE)
    expect(once([window, noise], NINE)).toEqual(alone)
    expect(once([noise], NINE)).not.toEqual(alone)
  })

  it('normalizes behind all changes of pixels', () => {
    const setting = { scale: 1 / 255, mean: 0.5, std: 0.25 }
    expect(once([{ type: 'brightness', factor: [2, 2] }], [0, 51, 102], [1, 1, 3], setting)).toEqual(close([-2, -0.4, 1.2]))
  })

  it('has a stage for each kind, and the schema knows the same corruptions', () => {
    const examples: Partial<Record<AugmentationType, object>> = {
      rotation: { degrees: 1 },
      scale: { factor: 0.1 },
      brightness: { factor: 0.1 },
      contrast: { factor: 0.1 },
      saturation: { factor: 0.1 },
      cutout: { size: 1 },
      gaussian_noise: { std: 1 },
      masking: { fraction: 0.1 },
      salt_and_pepper: { fraction: 0.1 },
    }
    for (const [type, { stage }] of Object.entries(TRANSFORMS)) {
      const entry = { type, ...examples[type as AugmentationType] }
      expect([type, augmentationSchema.safeParse([entry]).success]).toEqual([type, true])
      const isLast = !augmentationSchema.safeParse([entry, { type: 'vertical_flip' }]).success
      expect([type, isLast]).toEqual([type, stage === 'corruption'])
    }
  })
})

describe('distortion', () => {
  it('moves pixels by noise smoothed by a Gaussian', () => {
    // On ramps, a pixel shows where it was taken from.
    const [size, sigma, alpha] = [28, 4, 34]
    const list = [{ type: 'elastic_distortion', sigma, alpha }] as const
    const ramp = Array.from({ length: size * size }, (_, i) => (i % size) * 9)
    const found = sampleOf(augmenter(list, [1, size, size]), ramp, 3, 2)
    const words = new Uint32Array(size * size)
    // The first block of the place decides whether it happens.
    fillWords({ seed: SEED, purpose: 'augment', a: 2, b: 3 }, words, 4)
    const noise = Array.from(words, (word) => ((word >>> 16) + 0.5) / 32_768 - 1)
    const weights = Array.from({ length: size }, (_, distance) =>
      [-2, -1, 0, 1, 2].reduce((sum, turn) => sum + Math.exp(-((distance + turn * size) ** 2) / (2 * sigma ** 2)), 0),
    )
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const smooth = (at: (k: number) => number, i: number) =>
      weights.reduce((sum, weight, distance) => sum + (weight / total) * at((i + distance) % size), 0)
    const lines = noise.map((_, i) => smooth((x) => noise[i - (i % size) + x] ?? 0, i % size))
    const field = lines.map((_, i) => alpha * smooth((y) => lines[y * size + (i % size)] ?? 0, Math.floor(i / size)))
    const deviation = Math.sqrt(field.reduce((sum, x) => sum + x * x, 0) / field.length)
    // As the formula says: √(1/3) α / (2 σ √π), within what one field shows.
    expect(deviation / ((Math.sqrt(1 / 3) * alpha) / (2 * sigma * Math.sqrt(Math.PI)))).toBeGreaterThan(0.6)
    let compared = 0
    field.forEach((shift, i) => {
      const [x, y] = [i % size, Math.floor(i / size)]
      if (x < 6 || y < 6 || x >= size - 6 || y >= size - 6) return
      compared++
      expect(Math.abs((found[i] ?? 0) / 9 - x - shift)).toBeLessThan(0.02 * deviation)
    })
    expect(compared).toBe(16 * 16)
  })
})

describe('pixels, by hand', () => {
  const luma = 0.299 * 10 + 0.587 * 20 + 0.114 * 30
  it.each<[string, List, readonly number[], readonly number[], Shape]>([
    ['brightness, cut off at white', [{ type: 'brightness', factor: [1.5, 1.5] }], [0, 100, 200], [0, 150, 255], [1, 1, 3]],
    ['contrast', [{ type: 'contrast', factor: [0.5, 0.5] }], [0, 100, 200], [50, 100, 150], [1, 1, 3]],
    ['contrast, cut off at both ends', [{ type: 'contrast', factor: [3, 3] }], [0, 100, 200], [0, 100, 255], [1, 1, 3]],
    ['contrast of colours', [{ type: 'contrast', factor: [0, 0] }], [10, 20, 30], [luma, luma, luma], [3, 1, 1]],
    ['no saturation', [{ type: 'saturation', factor: [0, 0] }], [10, 20, 30], [luma, luma, luma], [3, 1, 1]],
    [
      'more saturation',
      [{ type: 'saturation', factor: [1.5, 1.5] }],
      [10, 20, 30],
      [10, 20, 30].map((x) => luma + 1.5 * (x - luma)),
      [3, 1, 1],
    ],
    ['cutout of everything', [{ type: 'cutout', size: 6 }], NINE, new Array(9).fill(0), [1, 3, 3]],
  ])('%s', (_, list, image, expected, shape) => {
    expect(once(list, image, shape)).toEqual(close(expected))
  })

  it('draws factors about 1', () => {
    const tool = augmenter([{ type: 'brightness', factor: 0.2 }], [1, 1, 1])
    const factors = Array.from({ length: 400 }, (_, row) => (sampleOf(tool, [100], row)[0] ?? 0) / 100)
    expect([Math.min(...factors) >= 0.8 - 1e-6, Math.max(...factors) <= 1.2 + 1e-6]).toEqual([true, true])
    expectShare(factors.filter((f) => f < 0.9).length, 400, 0.25)
  })

  it('cuts out a square about any pixel, the same in all channels, as the mean of the dataset', () => {
    const image = new Array(72).fill(200)
    const tool = augmenter([{ type: 'cutout', size: 3 }], [2, 6, 6], { scale: 1 / 255, mean: 0.4, std: 0.2 })
    const kept = (200 / 255 - 0.4) / 0.2
    const areas = new Map<number, number>()
    for (let row = 0; row < 720; row++) {
      const found = sampleOf(tool, image, row)
      const holes = found.map((value) => Math.abs(value) < 1e-6)
      expect(found.filter((_, i) => !holes[i])).toEqual(close(new Array(holes.filter((hole) => !hole).length).fill(kept)))
      expect(holes.slice(36)).toEqual(holes.slice(0, 36))
      const area = holes.slice(0, 36).filter(Boolean).length
      areas.set(area, (areas.get(area) ?? 0) + 1)
    }
    // 16 of 36 centres are inside, 16 at an edge, 4 in a corner.
    expect([...areas.keys()].sort()).toEqual([4, 6, 9])
    expectShare(areas.get(9) ?? 0, 720, 16 / 36)
    expectShare(areas.get(6) ?? 0, 720, 16 / 36)
    expectShare(areas.get(4) ?? 0, 720, 4 / 36)
  })
})

describe('corruption', () => {
  const shape: Shape = [1, 101, 101]
  const grey = new Array(101 * 101).fill(51)
  const setting = { scale: 1 / 255, mean: 0.1, std: 0.5 }

  it('adds normal noise to the normalized numbers', () => {
    const noise = once([{ type: 'gaussian_noise', std: 0.3 }], grey, shape, setting).map((value) => value - 0.2)
    const mean = noise.reduce((sum, x) => sum + x, 0) / noise.length
    const deviation = Math.sqrt(noise.reduce((sum, x) => sum + x * x, 0) / noise.length)
    expect(Math.abs(mean)).toBeLessThan(4 * (0.3 / 101))
    expect(Math.abs(deviation - 0.3)).toBeLessThan(4 * (0.3 / (101 * Math.SQRT2)))
    // 68.27 % lie within one deviation.
    expectShare(noise.filter((x) => Math.abs(x) < 0.3).length, noise.length, 0.6827)
    expect(new Set(noise).size).toBeGreaterThan(10_000)
  })

  it('masks numbers as 0, and sprinkles salt and pepper', () => {
    const masked = once([{ type: 'masking', fraction: 0.25 }], grey, shape, setting)
    expectShare(masked.filter((value) => value === 0).length, masked.length, 0.25)
    expect(masked.filter((value) => value !== 0)).toEqual(close(new Array(masked.filter((value) => value !== 0).length).fill(0.2)))
    const found = once([{ type: 'salt_and_pepper', fraction: 0.4 }], grey, shape, setting)
    const near = (value: number) => found.filter((x) => Math.abs(x - value) < 1e-5).length
    expectShare(near(-0.2), found.length, 0.2)
    expectShare(near(1.8), found.length, 0.2)
    expect(near(-0.2) + near(1.8) + near(0.2)).toBe(found.length)
  })

  it('finds black and white of each channel', () => {
    const input = { kind: 'image', shape: [2, 1, 1] } as const
    const normalizer = createNormalizer({ ...input, shape: [2, 1, 1] }, { scale: 1 / 255, mean: [0.5, 0.25], std: [0.5, 0.25] })
    const list = augmentationSchema.parse([{ type: 'salt_and_pepper', fraction: 1 }])
    const tool = new Augmenter({ list, seed: 1, shape: input.shape, normalizer })
    const seen = new Set(Array.from({ length: 50 }, (_, row) => sampleOf(tool, [7, 7], row).join()))
    expect([...seen].sort()).toEqual(['-1,-1', '-1,3', '1,-1', '1,3'])
  })

  it('takes columns of a table', () => {
    const normalizer = createNormalizer({ kind: 'features', shape: [3] }, { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] })
    const list = augmentationSchema.parse([{ type: 'masking', fraction: 1 }])
    const tool = new Augmenter({ list, seed: 1, shape: [3], normalizer })
    const into = new Float32Array(5).fill(9)
    tool.augment(Float32Array.of(1, 2, 3), 0, 0, 0, into, 1)
    expect([...into]).toEqual([9, 1, 2, 3, 9])
    tool.corrupt(into, 1, 0, 0)
    expect([...into]).toEqual([9, 0, 0, 0, 9])
  })
})

describe('chance', () => {
  it('is Philox of seed, epoch, row and place', () => {
    const list = [
      { type: 'vertical_flip', probability: 0 },
      { type: 'translation', horizontal: [0, 0.5] },
    ] as const
    const word = new Uint32Array(4)
    fillWords({ seed: SEED, purpose: 'augment', a: 7, b: 1_000_000 }, word, 2 ** 34)
    // The first number decides whether it happens, the second is the shift.
    const shift = ((word[1] ?? 0) / 2 ** 32) * 0.5 * 100
    const ramp = Array.from({ length: 100 }, (_, i) => i)
    expect(sampleOf(augmenter(list, [1, 1, 100]), ramp, 1_000_000, 7)[99]).toBeCloseTo(99 - shift, 3)
  })

  it('differs by seed, epoch and row, and by nothing else', () => {
    const list = [{ type: 'translation', horizontal: 1, vertical: 1 }] as const
    const of = (seed: number, epoch: number, row: number) => sampleOf(augmenter(list, [1, 3, 3], { seed }), NINE, row, epoch).join()
    const first = of(1, 1, 1)
    expect(new Set([first, of(2, 1, 1), of(1, 2, 1), of(1, 1, 2)]).size).toBe(4)
    const tool = augmenter(list, [1, 3, 3], { seed: 1 })
    for (const [epoch, row] of [
      [4, 4],
      [1, 2],
    ] as const)
      sampleOf(tool, NINE, row, epoch)
    expect(sampleOf(tool, NINE, 1, 1).join()).toBe(first)
  })

  it.each([0, 0.1, 0.5, 1])('lets a change happen to a share of %d of the samples', (probability) => {
    const tool = augmenter([{ type: 'horizontal_flip', probability }], [1, 1, 2])
    const rows = Array.from({ length: 4000 }, (_, row) => sampleOf(tool, [1, 2], row, row % 3))
    expectShare(rows.filter(([first]) => first === 2).length, 4000, probability)
  })
})
