// One suite for every kind of storage.

import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ObjectStorage, openStorage } from './index.ts'
import { startS3Server } from './testing/s3-server.ts'

interface Subject {
  readonly storage: ObjectStorage
  /** What failed uploads left behind. */
  remains(): Promise<number>
  stop(): Promise<void>
}

async function openDirectory(): Promise<Subject> {
  const root = await mkdtemp(join(tmpdir(), 'trainyard-storage-'))
  return {
    storage: openStorage(pathToFileURL(root).href),
    remains: async () => (await readdir(root, { recursive: true })).filter((name) => /\.(put|parts)-/.test(name)).length,
    stop: () => rm(root, { recursive: true }),
  }
}

async function openS3(): Promise<Subject> {
  const server = await startS3Server('bucket')
  const url = `s3://bucket/some/prefix?endpoint=${encodeURIComponent(server.url)}`
  const storage = openStorage(url, { accessKeyId: 'test', secretAccessKey: 'test' })
  return {
    storage,
    remains: async () => server.openUploads(),
    stop: async () => {
      await storage.close()
      await server.stop()
    },
  }
}

async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe.each([
  ['a directory', openDirectory],
  ['S3', openS3],
])('storage in %s', (_, open) => {
  let subject: Subject
  let storage: ObjectStorage
  const read = async (key: string, range?: { start: number; end?: number }) => (await buffer(await storage.get(key, range))).toString()

  beforeAll(async () => {
    subject = await open()
    storage = subject.storage
  })
  afterAll(() => subject.stop())

  it('answers', () => expect(storage.check()).resolves.toBeUndefined())

  it('keeps a stream and tells its size and hash', async () => {
    expect(await storage.put('a/one', chunks('hello ', 'world'))).toEqual({ bytes: 11, sha256: sha256(Buffer.from('hello world')) })
    expect(await read('a/one')).toBe('hello world')
    expect(await storage.stat('a/one')).toMatchObject({ key: 'a/one', bytes: 11, modifiedAt: expect.any(Date) })
  })

  it('keeps an empty object', async () => {
    expect(await storage.put('a/empty', chunks())).toMatchObject({ bytes: 0 })
    expect(await read('a/empty')).toBe('')
  })

  it('reads ranges with both ends included', async () => {
    await storage.put('a/range', chunks('0123456789'))
    expect(await read('a/range', { start: 2, end: 4 })).toBe('234')
    expect(await read('a/range', { start: 7 })).toBe('789')
  })

  it('replaces an object', async () => {
    await storage.put('a/replaced', chunks('old and long'))
    await storage.put('a/replaced', chunks('new'))
    expect(await read('a/replaced')).toBe('new')
  })

  it('keeps a file larger than one part of an upload', async () => {
    const bytes = randomBytes(20 * 1024 * 1024)
    const path = join(tmpdir(), `trainyard-part-${process.pid}`)
    await writeFile(path, bytes)
    expect(await storage.putFile('a/large', path)).toEqual({ bytes: bytes.length, sha256: sha256(bytes) })
    expect(sha256(await buffer(await storage.get('a/large')))).toBe(sha256(bytes))
    await rm(path)
  })

  it.each([
    ['the first bytes', [new Uint8Array(3)]],
    ['more than one part', [new Uint8Array(9e6), new Uint8Array(9e6)]],
  ])('leaves nothing of an upload whose source fails after %s', async (_name, parts) => {
    await storage.put('a/kept', chunks('before'))
    async function* failing() {
      yield* parts
      throw new Error('the client went away')
    }
    await expect(storage.put('a/kept', failing())).rejects.toThrow('the client went away')
    expect(await read('a/kept')).toBe('before')
    expect(await subject.remains()).toBe(0)
  })

  it('leaves nothing of an upload that is aborted', async () => {
    const abort = new AbortController()
    async function* endless() {
      for (let i = 0; ; i++) {
        if (i === 3) abort.abort(new Error('cancelled'))
        yield new Uint8Array(5e6)
      }
    }
    await expect(storage.put('a/aborted', endless(), { signal: abort.signal })).rejects.toThrow()
    expect(await storage.stat('a/aborted')).toBeNull()
    expect(await subject.remains()).toBe(0)
  })

  it('leaves nothing of an object that is not wanted any more when its bytes are there', async () => {
    await storage.put('a/unwanted', chunks('before'))
    let asked = 0
    const mayCommit = () => asked++ < 0
    await expect(storage.put('a/unwanted', chunks('after'), { mayCommit })).rejects.toThrow('not wanted any more')
    expect(asked).toBeGreaterThan(0)
    expect(await read('a/unwanted')).toBe('before')
    expect(await subject.remains()).toBe(0)
  })

  it('leaves nothing of other bytes than were announced', async () => {
    const { sha256 } = await storage.put('a/announced', chunks('before'))
    await expect(storage.put('a/announced', chunks('after'), { sha256 })).rejects.toThrow(
      `The 5 bytes to be stored have the SHA-256 f39592393ef0…; expected ${sha256.slice(0, 12)}….`,
    )
    expect(await read('a/announced')).toBe('before')
    expect(await storage.put('a/announced', chunks('before'), { sha256 })).toEqual({ bytes: 6, sha256 })
    expect(await subject.remains()).toBe(0)
  })

  it('says what is missing', async () => {
    await expect(storage.get('a/nothing')).rejects.toMatchObject({ code: 'not_found', message: 'storage has no object "a/nothing"' })
    expect(await storage.stat('a/nothing')).toBeNull()
  })

  it('deletes, also twice', async () => {
    await storage.put('b/gone', chunks('x'))
    await storage.delete('b/gone')
    await storage.delete('b/gone')
    expect(await storage.stat('b/gone')).toBeNull()
  })

  it('lists below a prefix, in order of keys', async () => {
    for (const key of ['l/b/2', 'l/a', 'l/b.c', 'l/b/1', 'lx/z']) await storage.put(key, chunks(key))
    const keys: string[] = []
    for await (const { key } of storage.list('l/')) keys.push(key)
    expect(keys).toEqual(['l/a', 'l/b.c', 'l/b/1', 'l/b/2'])
  })

  it('keeps an object that came in parts, out of order and one of them twice', async () => {
    const upload = await storage.beginParts('p/whole', 5)
    await storage.putPart(upload, 3, chunks('uv'))
    await storage.putPart(upload, 2, chunks('wrong'))
    await storage.putPart(upload, 1, chunks('01', '234'))
    expect(await storage.stat('p/whole')).toBeNull()
    const second = await storage.putPart(upload, 2, chunks('abcde'))
    expect(second).toMatchObject({ number: 2, bytes: 5, sha256: sha256(Buffer.from('abcde')) })
    const direct = await storage.listDirectParts(upload)
    const tags = direct ?? [5, 5, 2].map((bytes, i) => ({ number: i + 1, bytes, tag: '' }))
    expect(tags.map(({ bytes }) => bytes)).toEqual([5, 5, 2])
    const hashes = await Promise.all([storage.completeParts(upload, tags), storage.completeParts(upload, tags)])
    expect(hashes).toEqual(Array(2).fill(direct === null ? sha256(Buffer.from('01234abcdeuv')) : null))
    expect(await storage.completeParts(upload, tags)).toBe(hashes[0])
    expect(await read('p/whole')).toBe('01234abcdeuv')
    expect(await subject.remains()).toBe(0)
  })

  it('leaves nothing of parts that are aborted, also twice, and does not list them', async () => {
    const upload = await storage.beginParts('p/aborted', 5)
    await storage.putPart(upload, 1, chunks('01234'))
    for await (const { key } of storage.list('p/')) expect(key).not.toContain('aborted')
    await storage.abortParts(upload)
    await storage.abortParts(upload)
    await expect(storage.completeParts(upload, [{ number: 1, bytes: 5, tag: '' }])).rejects.toMatchObject({ code: 'not_found' })
    expect(await storage.stat('p/aborted')).toBeNull()
    expect(await subject.remains()).toBe(0)
  })

  it('takes a part from whoever has its URL, where it can make one', async () => {
    const upload = await storage.beginParts('p/direct', 5)
    const url = await storage.presignPart(upload, 1, 60)
    if (url !== null) {
      expect((await fetch(url, { method: 'PUT', body: 'hello' })).status).toBe(200)
      const parts = (await storage.listDirectParts(upload)) ?? []
      expect(parts).toMatchObject([{ number: 1, bytes: 5 }])
      await storage.completeParts(upload, parts)
      expect(await read('p/direct')).toBe('hello')
    } else await storage.abortParts(upload)
    expect(await subject.remains()).toBe(0)
  })

  it.each(['', '/etc/passwd', '../x', 'a/../b', 'a//b', 'a/', '.hidden', 'a/.put-1', 'a\\b', 'a\0b', 'ä', `a/${'x'.repeat(201)}`])(
    'refuses the key %j everywhere',
    async (key) => {
      await expect(storage.put(key, chunks('x'))).rejects.toMatchObject({ code: 'internal' })
      await expect(storage.get(key)).rejects.toMatchObject({ code: 'internal' })
      await expect(storage.stat(key)).rejects.toMatchObject({ code: 'internal' })
      await expect(storage.delete(key)).rejects.toMatchObject({ code: 'internal' })
      expect(() => storage.localPath(key)).toThrow('storage key')
    },
  )
})

describe('opening a storage', () => {
  it('refuses what it does not know', () => expect(() => openStorage('ftp://x/y')).toThrow('Expected file:///directory or s3://'))
})
