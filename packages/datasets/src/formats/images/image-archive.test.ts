import { gzipSync } from 'node:zlib'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { readAll, rejection, tarOf, zipOf } from '../../testing.ts'
import { bytesSource } from '../source.ts'

const source = (bytes: Uint8Array, name = 'images.zip') => bytesSource('file', name, bytes)

type Raw = readonly number[]
const GREY: Raw = [0, 50, 100, 150, 200, 250]
const encodeGrey = (pixels: Raw, width = 3, height = 2) =>
  sharp(Uint8Array.from(pixels), { raw: { width, height, channels: 1 } }).toColourspace('b-w')
const grey = async (pixels: Raw = GREY, width = 3, height = 2) => await encodeGrey(pixels, width, height).png().toBuffer()
const colour = (pixels: Raw, width: number, height: number) => sharp(Uint8Array.from(pixels), { raw: { width, height, channels: 3 } })
/** Pixel i is [i + 1, i + 2, i + 3]. */
const at = (i: number) => GREY.map((value) => Math.min(255, value + i))

async function animals() {
  return {
    'animals/train/cat/2.png': await grey(at(2)),
    'animals/train/cat/10.png': await grey(at(4)),
    'animals/train/dog/3.png': await grey(at(3)),
    'animals/test/dog/1.png': await grey(at(1)),
    'animals/README.txt': 'hello',
    '__MACOSX/animals/._2.png': 'litter',
  }
}

describe('archives of class folders', () => {
  it.each(['zip', 'stored zip', 'tar', 'tar.gz'])(
    'gives the same rows from %s, in the order of names, whatever the order in the archive',
    async (kind) => {
      const files = Object.entries(await animals())
      for (const entries of [files, files.toReversed()]) {
        const content = Object.fromEntries(entries)
        const tar = await tarOf(content)
        const bytes = { zip: await zipOf(content), 'stored zip': await zipOf(content, false), tar, 'tar.gz': gzipSync(tar) }[kind] ?? tar
        const { rows, source: opened, problems } = await readAll(source(bytes))
        expect(problems).toEqual([])
        expect(opened.columns).toEqual([
          { kind: 'tensor', name: 'image', role: 'input', dtype: 'uint8', shape: [1, 2, 3] },
          { kind: 'cells', name: 'label', role: 'target' },
          { kind: 'cells', name: 'split', role: 'split' },
          { kind: 'cells', name: 'file', role: 'id' },
        ])
        expect(rows).toEqual([
          [at(1), 'dog', 'test', 'animals/test/dog/1.png'],
          [at(2), 'cat', 'train', 'animals/train/cat/2.png'],
          [at(3), 'dog', 'train', 'animals/train/dog/3.png'],
          [at(4), 'cat', 'train', 'animals/train/cat/10.png'],
        ])
      }
    },
  )

  it('of two levels: a coarse class, and in it the class; images in one folder only have none', async () => {
    const files = {
      'set/train/pet/cat/1.png': await grey(at(1)),
      'set/train/pet/dog/3.png': await grey(at(3)),
      'set/test/farm/cow/old/2.png': await grey(at(2)),
      'set/train/pet/4.png': await grey(at(4)),
    }
    const { rows, source: opened, problems } = await readAll(source(await zipOf(files)), { class_levels: 2 })
    expect(opened.columns.map(({ name, role }) => [name, role])).toEqual([
      ['image', 'input'],
      ['label', 'target'],
      ['coarse_label', 'coarse'],
      ['split', 'split'],
      ['file', 'id'],
    ])
    expect(rows.map((row) => row.slice(1, 4))).toEqual([
      ['cat', 'pet', 'train'],
      ['cow', 'farm', 'test'],
      ['dog', 'pet', 'train'],
    ])
    expect(problems.map(({ code, example }) => [code, example])).toEqual([['no_class_folder', 'set/train/pet/4.png']])
    // Without a folder of splits, and none that all share.
    const bare = await zipOf({ 'pet/cat/1.png': await grey(at(1)), 'pet/dog/2.png': await grey(at(2)) })
    const { rows: pets } = await readAll(source(bare), { class_levels: 2 })
    expect(pets.map((row) => row.slice(1, 3))).toEqual([
      ['cat', 'pet'],
      ['dog', 'pet'],
    ])
  })

  it('reads the coarse classes of a list', async () => {
    const files = {
      'a.png': await grey(at(1)),
      'b.png': await grey(at(2)),
      'list.csv': 'file_name,label,coarse_label\na.png,rose,flower\nb.png,pike,fish\n',
    }
    const { source: opened } = await readAll(source(await zipOf(files)))
    expect(opened.columns.find(({ name }) => name === 'coarse_label')?.role).toBe('coarse')
  })

  it('reads a list of labels, groups and splits as CSV and as JSONL, in its order', async () => {
    const images = { 'd/b.png': await grey(at(1)), 'd/a.png': await grey(at(2)) }
    const csv = 'file_name,label,group,split\nb.png,7,g1,train\nd/a.png,8,g2,test\nmissing.png,9,g3,test\n'
    const jsonl = csv
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','))
      .map(([file_name, label, group, split]) => JSON.stringify({ file_name, label: Number(label), group, split }))
      .join('\n')
    for (const list of [{ 'd/labels.csv': csv }, { 'd/metadata.jsonl': jsonl }]) {
      const { rows, source: opened, problems } = await readAll(source(await zipOf({ ...images, ...list })))
      expect(opened.columns.map(({ name, role }) => [name, role])).toEqual([
        ['image', 'input'],
        ['label', 'target'],
        ['group', 'group'],
        ['split', 'split'],
        ['file', 'id'],
      ])
      expect(rows).toEqual([
        [at(1), '7', 'g1', 'train', 'd/b.png'],
        [at(2), '8', 'g2', 'test', 'd/a.png'],
      ])
      expect(problems).toMatchObject([{ code: 'no_such_image', example: 'missing.png' }])
    }
    const named = await zipOf({ ...images, 'x.csv': 'file,label\nd/a.png,1\n', 'y.csv': 'file,label\nd/a.png,2\n' })
    expect((await readAll(source(named), { image_list: 'y.csv' })).rows).toEqual([[at(2), '2', 'd/a.png']])
    expect((await rejection(readAll(source(named), { image_list: 'z.csv' }))).issues[0]?.code).toBe('no_image_list')
  })

  it('reports what it cannot use, row by row, and reads the rest', async () => {
    const good = await grey()
    const files = {
      'a/1.png': good,
      'a/2.png': good.subarray(0, good.length - 20),
      'a/3.png': await grey([1, 2, 3, 4], 2, 2),
      'a/4.gif': 'GIF89a……………………………………',
      'a/5.png': await sharp(good).toColourspace('grey16').png().toBuffer(),
      'b/6.png': good,
      'loose.png': good,
    }
    const { rows, problems, rowNumbers } = await readAll(source(await zipOf(files)))
    expect(rows.map(([pixels, label]) => [pixels, label])).toEqual([
      [[...GREY], 'a'],
      [[...GREY], 'b'],
    ])
    expect(rowNumbers).toEqual([1, 6])
    expect(problems.map(({ code, row }) => [code, row])).toEqual([
      ['no_class_folder', 7],
      ['undecodable_image', 2],
      ['mixed_sizes', 3],
      ['unsupported_image', 4],
      ['unsupported_image', 5],
    ])
    expect(problems[2]?.example).toBe('a/3.png: 2×2')
  })

  it('resizes when asked to, and keeps or makes colours', async () => {
    const red = await colour([255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0], 2, 2).png().toBuffer()
    const files = await zipOf({ 'a/1.png': red, 'a/2.png': await grey([9, 9, 9, 9], 2, 2) })
    expect((await readAll(source(files))).rows.map(([pixels]) => pixels)).toEqual([
      [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0],
      new Array(12).fill(9),
    ])
    // PIL: Image.new('RGB', (1, 1), (255, 0, 0)).convert('L').getpixel((0, 0)) == 76
    const options = { channels: 1, resize: { height: 1, width: 3 } } as const
    expect((await readAll(source(files), options)).rows.map(([pixels]) => pixels)).toEqual([
      [76, 76, 76],
      [9, 9, 9],
    ])
  })

  it('reads JPEG and WebP, turns pictures upright, and drops transparency', async () => {
    const flat = colour(new Array(8 * 16 * 3).fill(128), 16, 8)
    const upright = await flat.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const webp = await sharp({ create: { width: 8, height: 16, channels: 4, background: { r: 128, g: 128, b: 128, alpha: 1 } } })
      .webp({ lossless: true })
      .toBuffer()
    const { source: opened, rows, problems } = await readAll(source(await zipOf({ 'a/1.jpg': upright, 'a/2.webp': webp })))
    expect(problems).toEqual([])
    expect(opened.columns[0]).toMatchObject({ shape: [3, 16, 8] })
    expect(rows.map(([pixels]) => pixels?.[0])).toEqual([128, 128])
  })

  it('continues from a position', async () => {
    const archive = await zipOf(await animals())
    expect((await readAll(source(archive), {}, {}, [2])).rows.map((row) => row.at(-1))).toEqual([
      'animals/train/dog/3.png',
      'animals/train/cat/10.png',
    ])
  })

  it('refuses an archive without images, or without labels', async () => {
    expect((await rejection(readAll(source(await zipOf({ 'a.csv': 'x,y\n1,2\n' }))))).issues[0]?.code).toBe('no_images')
    expect((await rejection(readAll(source(await zipOf({ 'a.png': await grey() }))))).issues[0]?.code).toBe('no_class_folder')
  })
})

describe('29. images: huge declared dimensions are refused before decoding; PNG, JPEG and WebP only', () => {
  it('requirement 29: believes no header', async () => {
    const good = await grey()
    const huge = Buffer.from(good)
    huge.writeUInt32BE(2_000_000_000, 16)
    huge.writeUInt32BE(2_000_000_000, 20)
    const before = process.memoryUsage.rss()
    const { problems } = await readAll(source(await zipOf({ 'a/1.png': good, 'a/2.png': huge })))
    expect(problems).toMatchObject([{ code: 'image_too_large', row: 2, example: 'a/2.png: 2000000000×2000000000' }])
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 << 20)
  })

  it('requirement 29: refuses pixels above the limit, animations, and other formats under the name of a PNG', async () => {
    const frames = await sharp(
      await Promise.all(
        ['red', 'blue'].map((background) =>
          sharp({ create: { width: 3, height: 2, channels: 3, background } })
            .png()
            .toBuffer(),
        ),
      ),
      { join: { animated: true } },
    )
      .webp()
      .toBuffer()
    const files = {
      'a/1.png': await grey(),
      'a/2.png': await sharp(await grey())
        .gif()
        .toBuffer(),
      'a/3.png': await sharp(await grey())
        .tiff()
        .toBuffer(),
      'a/4.png': '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>',
      'a/5.webp': frames,
      'a/6.png': '',
    }
    const { problems } = await readAll(source(await zipOf(files)))
    expect(problems.map(({ code }) => code)).toEqual(new Array(5).fill('unsupported_image'))
    expect(problems.map(({ example }) => example)).toEqual([
      'a/2.png: a GIF image',
      'a/3.png: a TIFF image',
      'a/4.png: an SVG or XML document',
      'a/5.webp: an animated WebP image',
      'a/6.png: no image',
    ])
    const large = await readAll(
      source(await zipOf({ 'a/1.png': await grey(), 'a/2.png': await grey(new Array(64).fill(1), 8, 8) })),
      {},
      { imagePixelsMax: 10 },
    )
    expect(large.problems).toMatchObject([{ code: 'image_too_large', example: 'a/2.png: 8×8' }])
  })
})

describe('31. no executable formats, also inside of archives', () => {
  const PICKLE = Buffer.from('80049501000000000000007d942e', 'hex')
  it.each([
    ['beside images', 'notes/model.txt'],
    ['under the name of an image', 'a/2.png'],
  ])('refuses a pickle %s', async (_, path) => {
    const files = { 'a/1.png': await grey(), [path]: PICKLE }
    for (const bytes of [await zipOf(files), await tarOf(files)]) {
      const error = await rejection(readAll(source(bytes)))
      expect(error.code).toBe('executable_format')
      expect(error.message).toContain(path)
      expect(error.hint).toContain('Convert')
    }
  })
})
