import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { PREPARE_LIMITS } from '../../limits.ts'
import { rejection, tarOf, zipOf } from '../../testing.ts'
import { bytesSource } from '../source.ts'
import type { Archive } from './archive.ts'
import { openTar } from './tar.ts'
import { openZip } from './zip.ts'

const source = (bytes: Uint8Array) => bytesSource('file', 'data', bytes, 999)
const OPEN = { zip: openZip, tar: openTar }
const PACK = { zip: zipOf, tar: tarOf }
const FILES = { 'a/one.txt': 'one', 'a/two.txt': 'two'.repeat(1000), 'b/ünï.txt': '', [`${'long/'.repeat(60)}x.txt`]: 'x' }

async function contents(archive: Archive): Promise<[string, string][]> {
  const reader = await archive.open(undefined)
  const result: [string, string][] = []
  for (const entry of archive.entries) {
    const whole = Buffer.from(await reader.read(entry)).toString()
    const pieces: Uint8Array[] = []
    for await (const piece of reader.stream(entry)) pieces.push(Uint8Array.from(piece))
    expect(Buffer.concat(pieces).toString()).toBe(whole)
    result.push([entry.path, whole])
  }
  await reader.close()
  return result
}

/** The bytes with every occurrence of a text replaced by another of the same length. */
function replaced(bytes: Buffer, from: string, to: string): Buffer {
  expect(bytes.includes(from)).toBe(true)
  return Buffer.from(bytes.toString('latin1').replaceAll(from, to), 'latin1')
}

/** A tar header's checksum, made anew. */
function checksummed(tar: Buffer): Buffer {
  const copy = Buffer.from(tar)
  copy.write('        ', 148)
  const sum = copy.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  copy.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return copy
}

describe.each(['zip', 'tar'] as const)('%s', (kind) => {
  it('gives what was packed, by piece and whole', async () => {
    const bytes = await PACK[kind](FILES)
    expect(await contents(await OPEN[kind](source(bytes), PREPARE_LIMITS))).toEqual(Object.entries(FILES))
    if (kind === 'tar') expect(await contents(await openTar(source(gzipSync(bytes)), PREPARE_LIMITS))).toEqual(Object.entries(FILES))
  })

  it('refuses an archive that is cut off anywhere, or gives only what was packed', async () => {
    const files = { 'a.txt': 'hello', 'b.txt': createHash('sha512').update('x').digest('hex') }
    const bytes = await PACK[kind](files)
    for (let length = 0; length < bytes.length; length += 7) {
      try {
        const read = await contents(await OPEN[kind](source(bytes.subarray(0, length)), PREPARE_LIMITS))
        for (const [path, content] of read) expect(files[path as keyof typeof files]).toBe(content)
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_data' })
      }
    }
  })
})

describe('28. zip and tar: slip, links, duplicates, overlaps and bombs are refused; inflated bytes are counted, not believed', () => {
  it.each(['../evil.t', '/abs/evil', 'C:\\evil.t', 'x/../../e', '..\\evil.t'])(
    'requirements 27 and 28: refuses the name %s',
    async (name) => {
      const plain = '123456789'.slice(0, name.length)
      for (const [kind, bytes] of [
        ['zip', replaced(await zipOf({ [plain]: 'x' }), plain, name)],
        ['tar', checksummed(replaced(await tarOf({ [plain]: 'x' }), plain, name))],
      ] as const) {
        const error = await rejection(OPEN[kind](source(bytes), PREPARE_LIMITS))
        expect(error.issues[0]).toMatchObject({ code: 'unsafe_path' })
        expect(error.message).toContain(JSON.stringify(name))
      }
    },
  )

  it('requirement 28: refuses links and devices', async () => {
    const zip = await zipOf({ link: '/etc/passwd' })
    // Made on Unix, mode 0120777, in the central directory.
    const central = zip.indexOf('PK\x01\x02', 0, 'latin1')
    zip[central + 5] = 3
    zip.writeUInt32LE((0o120777 << 16) >>> 0, central + 38)
    expect((await rejection(openZip(source(zip), PREPARE_LIMITS))).issues[0]?.code).toBe('link_in_archive')
    for (const type of ['1', '2', '3', '4', '6']) {
      const tar = Buffer.from(await tarOf({ link: 'x' }))
      tar.write(type, 156)
      expect((await rejection(openTar(source(checksummed(tar)), PREPARE_LIMITS))).issues[0]?.code).toBe('link_in_archive')
    }
  })

  it('requirement 28: refuses duplicates, all of them at once', async () => {
    const zip = replaced(await zipOf({ 'a.txt': '1', 'b.txt': '2', 'c.txt': '3' }), 'b.txt', 'a.txt')
    const error = await rejection(openZip(source(replaced(zip, 'c.txt', 'a.txt')), PREPARE_LIMITS))
    expect(error.issues).toMatchObject([{ code: 'duplicate_entry' }])
    expect(error.message).toContain('2 rows')
  })

  it('requirement 28: refuses overlapping entries', async () => {
    const zip = await zipOf({ 'a.txt': 'x'.repeat(100), 'b.txt': 'y'.repeat(100) })
    const first = zip.indexOf('PK\x01\x02', 0, 'latin1')
    const second = zip.indexOf('PK\x01\x02', first + 4, 'latin1')
    zip.writeUInt32LE(0, second + 42)
    expect((await rejection(openZip(source(zip), PREPARE_LIMITS))).issues[0]?.code).toBe('overlapping_entries')
  })

  it('requirement 28: refuses bombs by what they declare, and by what they are', async () => {
    const bomb = await zipOf({ 'zeros.bin': Buffer.alloc(20 << 20) })
    expect(bomb.length).toBeLessThan(30_000)
    const limits = { ...PREPARE_LIMITS, inflatedBytesMax: 10 << 20 }
    expect((await rejection(openZip(source(bomb), limits))).issues[0]?.code).toBe('too_large')
    // The same, declared as 100 bytes in both headers.
    const lying = Buffer.from(bomb)
    const central = lying.indexOf('PK\x01\x02', 0, 'latin1')
    lying.writeUInt32LE(100, central + 24)
    const archive = await openZip(source(lying), limits)
    const reader = await archive.open(undefined)
    const [entry] = archive.entries
    if (entry === undefined) throw new Error('no entry')
    const before = process.memoryUsage().arrayBuffers
    expect((await rejection(reader.read(entry))).message).toContain('more than the declared 100 bytes')
    const drain = async () => {
      for await (const _ of reader.stream(entry));
    }
    expect((await rejection(drain())).message).toContain('more than the declared 100 bytes')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20)
    const packed = gzipSync(await tarOf({ 'zeros.bin': Buffer.alloc(20 << 20) }))
    expect((await rejection(openTar(source(packed), limits))).issues[0]?.code).toBe('too_large')
  })

  it('refuses more entries than the limit, and finds damaged contents by their checksum', async () => {
    const zip = await zipOf({ 'a.txt': '1', 'b.txt': '2', 'c.txt': 'three' }, false)
    const limits = { ...PREPARE_LIMITS, archiveEntriesMax: 2 }
    expect((await rejection(openZip(source(zip), limits))).issues[0]?.code).toBe('too_many_entries')
    expect((await rejection(openTar(source(await tarOf({ a: '', b: '', c: '' })), limits))).issues[0]?.code).toBe('too_many_entries')
    const archive = await openZip(source(replaced(zip, 'three', 'thief')), PREPARE_LIMITS)
    const reader = await archive.open(undefined)
    const third = archive.entries[2]
    if (third === undefined) throw new Error('no entry')
    expect((await rejection(reader.read(third))).message).toMatch(/c\.txt.*checksum/)
  })
})
