// The same pictures in every form that people have them in: one digest of the version, one checkpoint bit by bit, over HTTP. The first rows of
// MNIST and Fashion-MNIST here, all forms of the one and the three main ones of the other; npm run bench:same-content has all of both.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Service, startService } from '../service.ts'
import { uploadData } from '../upload-data.ts'
import { formsOf } from './forms.ts'
import { readPictureSets } from './pictures.ts'
import { type FormResult, trainForm } from './train-form.ts'

const ROWS = { train: 200, test: 50 }
const MAIN_FORMS = ['IDX', 'PNG in class folders, zip', 'PNG in Parquet']
const FORMS = ['IDX', 'IDX, gzip', 'PNG in class folders, zip', 'PNG with a list, tar', 'PNG in Parquet']

describe('the same pictures', () => {
  let service: Service
  beforeAll(async () => {
    service = await startService({ redis: false })
  })
  afterAll(async () => {
    await service?.stop()
  })

  it.each(readPictureSets(ROWS).map((set, i) => ({ set, name: set.name, forms: i === 0 ? FORMS : MAIN_FORMS })))(
    'of $name have one digest and train to the same bits: $forms',
    async ({ set, forms }) => {
      const results: Record<string, FormResult> = {}
      for await (const form of formsOf(set)) if (forms.includes(form.name)) results[form.name] = await trainForm(service, form, 1)
      const [first] = Object.values(results)
      expect(first?.rows).toEqual([ROWS.train, ROWS.test])
      expect(Object.keys(results)).toEqual(forms)
      expect(results).toEqual(Object.fromEntries(Object.keys(results).map((name) => [name, first])))
    },
    300_000,
  )

  it('but for one pixel have another digest', async () => {
    const [set] = readPictureSets(ROWS)
    if (set === undefined) throw new Error('MNIST is missing')
    const digestOf = async (pixels: Uint8Array) => {
      const { value } = await formsOf({ ...set, train: { ...set.train, pixels } }).next()
      return (await uploadData(service, 'one pixel', value.files, value.options)).digest
    }
    const changed = Uint8Array.from(set.train.pixels, (pixel, i) => (i === 400 ? 255 - pixel : pixel))
    expect(await digestOf(changed)).not.toBe(await digestOf(set.train.pixels))
  })
})
