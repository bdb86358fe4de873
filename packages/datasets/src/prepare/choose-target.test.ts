// Classes or numbers to predict: the rule, over whole preparations.

import { readFileSync } from 'node:fs'
import { datasetAnalysisSchema, type PrepareOptionsInput } from '@trainyard/contracts'
import { describe, expect, it } from 'vitest'
import { encodePng } from '../preview/png.ts'
import { idx, memorySource, pathsOf, temporaryFolder, zipOf } from '../testing.ts'
import { prepareDataset } from './prepare-dataset.ts'

async function choiceOf(content: string | Uint8Array, options: PrepareOptionsInput = {}) {
  const prepared = await prepareDataset({ sources: [memorySource('file', content)], options, outDir: temporaryFolder() })
  const analysis = readFileSync(pathsOf(prepared)[prepared.manifest.analysis?.key ?? ''] ?? '', 'utf8')
  const { target } = datasetAnalysisSchema.parse(JSON.parse(analysis))
  expect(target?.kind).toBe(prepared.manifest.target.kind)
  return target
}

/** Each of `count` whole numbers twice. */
const wholes = (count: number, factor = 1) =>
  `x,y\n${Array.from({ length: 2 * count }, (_, i) => `${i},${factor * (i % count)}\n`).join('')}`

describe('the target of a table', () => {
  it('of at most 20 different whole numbers is a class, of more a number, however far they are apart', async () => {
    expect(await choiceOf(wholes(20))).toEqual({
      kind: 'class',
      chosen_by: 'content',
      message: 'Column "y" holds 20 different whole numbers, at most 20: classes.',
      hint: 'If they are numbers to predict (regression), prepare it with target_kind "value".',
    })
    expect(await choiceOf(wholes(21))).toEqual({
      kind: 'value',
      chosen_by: 'content',
      message: 'Column "y" holds more than 20 different whole numbers: numbers to predict.',
      hint: 'If they name classes, prepare it with target_kind "class".',
    })
    expect((await choiceOf(wholes(3, 1000)))?.kind).toBe('class')
  })

  it('is what the options say', async () => {
    expect(await choiceOf(wholes(21), { target_kind: 'class' })).toMatchObject({ kind: 'class', chosen_by: 'option' })
    expect(await choiceOf(wholes(2), { target_kind: 'value' })).toMatchObject({ kind: 'value', chosen_by: 'option' })
    expect(await choiceOf(wholes(2), { target_kind: 'none' })).toMatchObject({ kind: 'none', chosen_by: 'option' })
  })

  it('of fractions is a number even where few differ, of texts a class even where many do', async () => {
    expect((await choiceOf('x,y\n1,0.5\n2,1\n3,0.5\n'))?.kind).toBe('value')
    const texts = Array.from({ length: 30 }, (_, i) => `${i},c${i}\n`).join('')
    expect((await choiceOf(`x,y\n${texts}`))?.kind).toBe('class')
  })

  it('of features that are many whole numbers does not matter', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i},${i % 2}\n`).join('')
    expect((await choiceOf(`x,y\n${rows}`))?.kind).toBe('class')
  })
})

describe('the labels of images', () => {
  it('are classes, however many whole numbers they are', async () => {
    const png = (pixel: number) => encodePng({ pixels: Uint8Array.of(pixel), width: 1, height: 1, channels: 1 })
    const folders: Record<string, Buffer> = {}
    for (let i = 0; i < 30; i++) folders[`${i}/a.png`] = await png(i)
    expect(await choiceOf(await zipOf(folders))).toMatchObject({ kind: 'class', chosen_by: 'content' })
    const count = 30
    const prepared = await prepareDataset({
      sources: [
        memorySource(
          'train_images',
          idx(
            [count, 1, 1],
            Array.from({ length: count }, (_, i) => i),
          ),
        ),
        memorySource(
          'train_labels',
          idx(
            [count],
            Array.from({ length: count }, (_, i) => i),
          ),
        ),
      ],
      outDir: temporaryFolder(),
    })
    expect(prepared.manifest.target.kind).toBe('class')
  })
})
