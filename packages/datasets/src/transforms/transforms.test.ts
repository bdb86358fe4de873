// Against scikit-learn 1.2 (SimpleImputer, StandardScaler, MinMaxScaler) and PyTorch 1.13 (interpolate with antialias), whose results stand here.

import type { DatasetManifest } from '@trainyard/contracts'
import { fittedTransformsSchema } from '@trainyard/contracts'
import { type Transform, transformsSchema } from '@trainyard/engine/spec'
import type { Issue } from '@trainyard/errors'
import { describe, expect, it } from 'vitest'
import { openBatches } from '../batches/open-batches.ts'
import type { PreparedDataset } from '../prepare/manifest.ts'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { contents, idx, memorySource, pathsOf, temporaryFolder } from '../testing.ts'
import { checkTransforms, transformedShape } from './check-transforms.ts'
import { encodeRow } from './encode-row.ts'
import { fitTransformsOf } from './fit-dataset.ts'
import { fittedFromNormalization } from './fitted.ts'
import { Resizer } from './resize.ts'
import { createTransformer } from './transformer.ts'

const GAPS = 'a,b,y\n1,10,0.5\n2,,0.5\n,30,0.5\n4,50,0.5\n5,,0.5\n9,20,0.5\n'
const MIXED = 'color,size,y\nred,1,p\nblue,3,q\n,5,p\nred,,q\n'
const prepare = (csv: string) =>
  prepareDataset({ sources: [memorySource('file', csv)], options: { test_fraction: 0 }, outDir: temporaryFolder() })

const parse = (list: readonly unknown[] | undefined): Transform[] | undefined =>
  list === undefined ? undefined : transformsSchema.parse(list)

/** All training rows after the transforms, as a training run gets them. */
function transformed(
  prepared: PreparedDataset,
  list?: readonly unknown[],
  normalization: 'standardize' | 'unit' = 'standardize',
): number[][] {
  const shardPaths = pathsOf(prepared)
  const { manifest } = prepared
  const fitted = fitTransformsOf({ manifest, shardPaths, training: { transforms: parse(list), normalization } })
  // What a checkpoint keeps is JSON.
  const transforms = fittedTransformsSchema.parse(JSON.parse(JSON.stringify(fitted)))
  const rows = manifest.splits.train?.rows ?? 0
  const batches = openBatches({ manifest, shardPaths, transforms, batchSize: rows, shuffle: false, thread: 'never' })
  const { samples } = batches.next()
  batches.close()
  const size = samples.length / rows
  return Array.from({ length: rows }, (_, i) => [...samples.slice(i * size, (i + 1) * size)])
}

const close = (rows: readonly (readonly number[])[]) => rows.map((row) => row.map((value) => expect.closeTo(value, 5)))

describe('transforms of columns', () => {
  it('fill and standardize as scikit-learn does', async () => {
    const prepared = await prepare(GAPS)
    const mean = [
      [-1.258374, -1.449138],
      [-0.865132, 0],
      [0, 0.20702],
      [-0.078648, 1.863177],
      [0.314594, 0],
      [1.887561, -0.621059],
    ]
    expect(transformed(prepared, [{ type: 'impute' }, { type: 'standardize' }])).toEqual(close(mean))
    expect(transformed(prepared)).toEqual(close(mean))
    expect(transformed(prepared, [{ type: 'impute', strategy: 'median' }, { type: 'standardize' }])).toEqual(
      close([
        [-1.244731, -1.373606],
        [-0.851658, -0.137361],
        [-0.065512, 0.274721],
        [-0.065512, 1.923048],
        [0.327561, -0.137361],
        [1.899853, -0.549442],
      ]),
    )
  })

  it('fill with a constant, say what was missing, and scale from smallest to largest', async () => {
    const list = [{ type: 'impute', strategy: 'constant', value: -1, indicator: true }, { type: 'min_max' }]
    // Each column with its indicator behind it.
    expect(transformed(await prepare(GAPS), list)).toEqual(
      close([
        [0.2, 0, 0.215686, 0],
        [0.3, 0, 0, 1],
        [0, 1, 0.607843, 0],
        [0.5, 0, 1, 0],
        [0.6, 0, 0, 1],
        [1, 0, 0.411765, 0],
      ]),
    )
  })

  it('make categories columns of 0 and 1, without a word', async () => {
    const prepared = await prepare(MIXED)
    const std = Math.sqrt(((1 - 3) ** 2 + 0 + (5 - 3) ** 2 + 0) / 4)
    // blue, red, size; what is missing is red and 3.
    expect(transformed(prepared)).toEqual(
      close([
        [0, 1, -2 / std],
        [1, 0, 0],
        [0, 1, 2 / std],
        [0, 1, 0],
      ]),
    )
    expect(transformed(prepared, [{ type: 'one_hot' }, { type: 'impute', strategy: 'most_frequent' }])).toEqual(
      close([
        [0, 1, 1],
        [1, 0, 3],
        [0, 0, 5],
        [0, 1, 1],
      ]),
    )
    expect(transformedShape(prepared.manifest, { normalization: 'standardize' })).toEqual([3])
  })

  it('standardize one-hot columns where asked to, by their shares', async () => {
    const rows = transformed(await prepare(MIXED), [{ type: 'impute' }, { type: 'one_hot' }, { type: 'standardize' }])
    for (const column of [0, 1, 2]) {
      const values = rows.map((row) => row[column] ?? Number.NaN)
      expect(values.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 5)
      expect(values.reduce((a, b) => a + b * b, 0) / 4).toBeCloseTo(1, 5)
    }
  })

  it('apply to the named columns only, with given numbers too', async () => {
    const prepared = await prepare('a,b,y\n1,10,0.5\n3,30,0.5\n')
    expect(transformed(prepared, [{ type: 'min_max', columns: ['b'], low: -1, high: 1 }])).toEqual(
      close([
        [1, -1],
        [3, 1],
      ]),
    )
    expect(transformed(prepared, [{ type: 'normalize', mean: [1, 20], std: [2, 10] }])).toEqual(
      close([
        [0, -1],
        [1, 1],
      ]),
    )
  })

  it('leave the bits of tables without gaps as the normalization had them', async () => {
    const prepared = await prepare(`a,b,y\n${Array.from({ length: 50 }, (_, i) => `${Math.sin(i) * 7},${i / 3},0.5\n`).join('')}`)
    const { input, normalization } = prepared.manifest
    const transformer = createTransformer(fittedFromNormalization(input, normalization))
    const { x } = contents(prepared, 'train')
    const expected = new Float32Array(2)
    transformed(prepared).forEach((row, i) => {
      transformer.apply(Float32Array.from(x.slice(2 * i, 2 * i + 2)), 0, expected, 0)
      expect(row).toEqual([...expected])
    })
  })
})

describe('transforms of images', () => {
  const IMAGE = Array.from({ length: 30 }, (_, i) => (i * 37) % 101)

  it.each([
    [3, 4, [22.4464, 63.127, 38.0159, 51.6429, 53.875, 50.9136, 53.2346, 38.5833, 63.6607, 50.6349, 55.9841, 40.5536]],
    [2, 2, [46.7386, 47.9943, 57.4716, 45.5284]],
  ] as const)('resize to %d × %d as PyTorch does', (height, width, expected) => {
    const into = new Float32Array(height * width)
    new Resizer(1, { height: 5, width: 6 }, { height, width }).resize([0, ...IMAGE], 1, into)
    expect([...into]).toEqual(expected.map((value) => expect.closeTo(value, 3)))
  })

  it('enlarge bilinearly, and leave a picture of the same size alone', () => {
    const into = new Float32Array(56)
    new Resizer(1, { height: 5, width: 6 }, { height: 7, width: 8 }).resize(IMAGE, 0, into)
    expect([...into.slice(0, 8)]).toEqual([0, 23.125, 50.875, 66, 18, 33.125, 60.875, 84].map((value) => expect.closeTo(value, 3)))
    const same = new Float32Array(30)
    new Resizer(1, { height: 5, width: 6 }, { height: 5, width: 6 }).resize(IMAGE, 0, same)
    expect([...same]).toEqual(IMAGE)
  })

  const colours = async () => {
    const pixels = Array.from({ length: 6 * 3 * 4 * 4 }, (_, i) => (i * 53) % 256)
    const sources = [memorySource('train_images', idx([6, 3, 4, 4], pixels)), memorySource('train_labels', idx([6], [0, 1, 0, 1, 0, 1]))]
    return await prepareDataset({ sources, options: { test_fraction: 0 }, outDir: temporaryFolder() })
  }

  it('standardize what the pixels have become, over the training split', async () => {
    const rows = transformed(await colours(), [{ type: 'resize', height: 2, width: 2 }, { type: 'grayscale' }, { type: 'standardize' }])
    expect(rows.map((row) => row.length)).toEqual(new Array(6).fill(4))
    const values = rows.flat()
    expect(values.reduce((a, b) => a + b, 0) / 24).toBeCloseTo(0, 5)
    expect(values.reduce((a, b) => a + b * b, 0) / 24).toBeCloseTo(1, 5)
  })

  it('weigh the colours, and scale them', async () => {
    const prepared = await colours()
    const { x } = contents(prepared, 'train')
    const grey = Array.from({ length: 16 }, (_, i) => 0.299 * (x[i] ?? 0) + 0.587 * (x[16 + i] ?? 0) + 0.114 * (x[32 + i] ?? 0))
    expect(transformed(prepared, [{ type: 'grayscale' }])[0]).toEqual(grey.map((value) => expect.closeTo(value / 255, 5)))
    expect(transformed(prepared, [{ type: 'min_max', low: -1 }])[0]).toEqual(
      x.slice(0, 48).map((value) => expect.closeTo(value / 127.5 - 1, 5)),
    )
    const given = [{ type: 'normalize', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.25] }]
    expect(transformed(prepared, given)[0]?.[40]).toBeCloseTo(((x[40] ?? 0) / 255 - 0.5) / 0.25, 5)
    expect(
      transformedShape(prepared.manifest, { transforms: parse([{ type: 'resize', height: 2, width: 3 }]), normalization: 'unit' }),
    ).toEqual([3, 2, 3])
  })
})

describe('checkTransforms', () => {
  const check = ({ manifest }: { manifest: DatasetManifest }, list: readonly unknown[]) =>
    checkTransforms(manifest, { transforms: parse(list), normalization: 'standardize' }, 'training.transforms').map(({ path, code }) => [
      path,
      code,
    ])

  it('finds what does not fit, all at once', async () => {
    const table = await prepare(GAPS)
    expect(
      check(table, [
        { type: 'resize', height: 2, width: 2 },
        { type: 'standardize', columns: ['c'] },
      ]),
    ).toEqual([
      ['training.transforms[0]', 'transform_mismatch'],
      ['training.transforms[1].columns[0]', 'no_such_column'],
    ])
    expect(check(table, [{ type: 'standardize' }])).toEqual([
      ['training.transforms', 'missing_values'],
      ['training.transforms', 'missing_values'],
    ])
    expect(check(table, [{ type: 'impute' }, { type: 'normalize', mean: [1], std: [1, 1] }])).toEqual([
      ['training.transforms[1].mean', 'wrong_size'],
    ])
    expect(check(table, [{ type: 'impute' }])).toEqual([])
  })
})

describe('encodeRow', () => {
  const columns = { columns: ['color', 'size', 'when'], categories: [['blue', 'red'], null, null] }

  it('takes rows as they were uploaded', () => {
    const issues: Issue[] = []
    expect([...encodeRow({ color: 'red', size: '2.5', when: '2024-01-01' }, columns, 'inputs[0]', issues)]).toEqual([1, 2.5, 19_723])
    expect([...encodeRow({ color: 'green', size: null }, columns, 'inputs[1]', issues)]).toEqual([-1, Number.NaN, Number.NaN])
    expect(issues).toEqual([])
  })

  it('names every mistake, and leaves prototypes alone', () => {
    const issues: Issue[] = []
    encodeRow(JSON.parse('{"colour": "red", "size": "big", "__proto__": 1, "constructor": 2}'), columns, 'inputs[0]', issues)
    expect(issues.map(({ path, code }) => [path, code])).toEqual([
      ['inputs[0].colour', 'no_such_column'],
      ['inputs[0].__proto__', 'no_such_column'],
      ['inputs[0].constructor', 'no_such_column'],
      ['inputs[0].size', 'not_a_number'],
    ])
    expect(({} as Record<string, unknown>).size).toBeUndefined()
  })
})
