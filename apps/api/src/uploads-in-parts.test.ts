// Uploads in parts: over broken connections, in any order, checked, counted against the quota, and never half there.

import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as sendHttp } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { type DatasetVersion, fromWireId, type Problem, type Upload } from '@trainyard/contracts'
import { projects, uploads } from '@trainyard/database'
import type { ObjectStorage, PartedUpload } from '@trainyard/storage'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { expireUploads } from './modules/uploads/expire-uploads.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const MiB = 1 << 20
const PART = 5 * MiB
/** Two parts and a bit. */
const FILE = Buffer.concat([Buffer.from('a,b,y\n'), Buffer.alloc(11 * MiB, '1,2,x\n')])
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const contentDigest = (bytes: Uint8Array) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`
const partOf = (number: number) => FILE.subarray((number - 1) * PART, number * PART)

describe('uploads in parts', () => {
  let api: TestApi
  let port: number
  let dataset: string
  beforeAll(async () => {
    api = await startTestApi({ uploadBytesMax: 64 * MiB })
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    port = (api.app.server.address() as AddressInfo).port
    dataset = (await api.request('POST', '/v1/datasets', { name: 'parts' })).json<{ id: string }>().id
  })
  afterEach(() => api.database.asWorker((tx) => projects.setLimits(tx, api.project.id, { storageLimit: null })))
  afterAll(() => api?.stop())

  const begin = async (body: Record<string, unknown> = {}): Promise<Upload> => {
    const response = await api.request('POST', '/v1/uploads', { file_name: 'f.csv', bytes: FILE.length, part_bytes: PART, ...body })
    expect([response.statusCode, response.json().detail]).toEqual([201, undefined])
    return response.json()
  }
  const get = async (id: string): Promise<Upload> => (await api.request('GET', `/v1/uploads/${id}`)).json()
  const put = (path: string, bytes: Uint8Array, headers: Record<string, string> = {}) =>
    api.app.inject({
      method: 'PUT',
      url: `/v1/uploads/${path}`,
      payload: Buffer.from(bytes),
      headers: { authorization: `Bearer ${api.project.key}`, 'content-type': 'application/octet-stream', ...headers },
    })
  /** Sends the beginning of a body, and breaks the connection. */
  const breakOff = (path: string, bytes: Uint8Array, announced: number) =>
    new Promise<void>((resolve) => {
      const headers = {
        authorization: `Bearer ${api.project.key}`,
        'content-type': 'application/octet-stream',
        'content-length': announced,
      }
      const request = sendHttp({ host: '127.0.0.1', port, method: 'PUT', path: `/v1/uploads/${path}`, headers })
      request.on('error', () => {})
      request.on('close', () => resolve())
      request.write(bytes, () => setTimeout(() => request.destroy(), 100))
    })
  const codes = (problem: Pick<Problem, 'errors'>) => problem.errors.map(({ path, code }) => `${path} ${code}`)

  it('takes parts in any order and over broken connections, and makes a version of them', async () => {
    const { id, parts_total: total } = await begin({ sha256: sha256(FILE) })
    expect(total).toBe(3)
    expect((await put(`${id}/parts/3`, partOf(3))).statusCode).toBe(200)
    await breakOff(`${id}/parts/1`, partOf(1).subarray(0, 2 * MiB), PART)
    expect((await get(id)).parts.map(({ number }) => number)).toEqual([3])
    const missing = await api.request('POST', `/v1/uploads/${id}/complete`)
    expect([missing.statusCode, codes(missing.json())]).toEqual([409, ['parts[1] missing_part', 'parts[2] missing_part']])
    for (const number of [1, 2]) {
      const sent = await put(`${id}/parts/${number}`, partOf(number), { 'content-digest': contentDigest(partOf(number)) })
      expect(sent.json()).toEqual({ number, bytes: PART, sha256: sha256(partOf(number)) })
    }
    for (let i = 0; i < 2; i++) {
      const whole = await api.request('POST', `/v1/uploads/${id}/complete`)
      expect(whole.json()).toMatchObject({ status: 'complete', sha256: sha256(FILE) })
    }
    expect((await put(`${id}/parts/1`, partOf(1))).json().code).toBe('conflict')

    const body = { sources: { file: { upload_id: id } }, options: { target: 'y' } }
    const version = await api.request('POST', `/v1/datasets/${dataset}/versions/import`, body)
    expect(version.json<DatasetVersion>()).toMatchObject({ status: 'preparing', uploaded_bytes: FILE.length })
    expect(await get(id)).toMatchObject({ status: 'attached', dataset_version_id: version.json<DatasetVersion>().id, expires_at: null })
    const again = await api.request('POST', `/v1/datasets/${dataset}/versions/import`, body)
    expect([again.statusCode, codes(again.json())]).toEqual([422, ['sources.file.upload_id upload_used']])
    expect((await api.request('DELETE', `/v1/uploads/${id}`)).statusCode).toBe(409)
    const [stored] = await api.database.asWorker((tx) => uploads.listOfVersion(tx, fromWireId('dataset_version', version.json().id) ?? ''))
    expect((await api.storage.stat(stored?.objectKey ?? ''))?.bytes).toBe(FILE.length)
  })

  it('goes on with a file in one request where it broke off', async () => {
    const { id } = await begin({ sha256: sha256(FILE) })
    await breakOff(`${id}/content`, FILE.subarray(0, PART + MiB), FILE.length)
    await expect.poll(async () => (await get(id)).parts.map(({ number }) => number), { timeout: 10_000 }).toEqual([1])
    expect((await get(id)).next_offset).toBe(PART)
    const rest = await put(`${id}/content`, FILE.subarray(PART))
    expect(rest.json()).toMatchObject({ status: 'complete', sha256: sha256(FILE), parts: [{}, {}, {}], next_offset: FILE.length })
  })

  it('takes the bytes for what they are when more has arrived than the client knows', async () => {
    const rangeFrom = (start: number) => ({ 'content-range': `bytes ${start}-${FILE.length - 1}/${FILE.length}` })
    for (const headers of [{}, rangeFrom(PART)]) {
      const { id } = await begin({ sha256: sha256(FILE) })
      for (const number of [1, 2]) await put(`${id}/parts/${number}`, partOf(number))
      const rest = await put(`${id}/content`, FILE.subarray(PART), headers)
      expect(rest.json()).toMatchObject({ status: 'complete', sha256: sha256(FILE) })
    }
    const { id } = await begin({ sha256: sha256(FILE) })
    await put(`${id}/parts/1`, partOf(1))
    const whole = await api.app.inject({
      method: 'PUT',
      url: `/v1/uploads/${id}/content`,
      payload: Readable.from([FILE.subarray(0, MiB), FILE.subarray(MiB)]),
      headers: { authorization: `Bearer ${api.project.key}`, 'content-type': 'application/octet-stream', 'transfer-encoding': 'chunked' },
    })
    expect(whole.json()).toMatchObject({ status: 'complete', sha256: sha256(FILE) })
  })

  it('goes on as curl does', async () => {
    const { id } = await begin({ sha256: sha256(FILE) })
    await put(`${id}/parts/1`, partOf(1))
    const directory = await mkdtemp(join(tmpdir(), 'trainyard-curl-'))
    try {
      await writeFile(join(directory, 'f.csv'), FILE)
      const authorization = `authorization: Bearer ${api.project.key}`
      const type = 'content-type: application/octet-stream'
      const url = `http://127.0.0.1:${port}/v1/uploads/${id}/content`
      const args = ['--silent', '--header', authorization, '--header', type, '--continue-at', String(PART), '--upload-file', 'f.csv', url]
      const { stdout } = await promisify(execFile)('curl', args, { cwd: directory })
      expect(JSON.parse(stdout)).toMatchObject({ status: 'complete', sha256: sha256(FILE) })
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it.each<readonly [string, number, Record<string, string>, string]>([
    ['leaves a part out', 2 * PART, {}, `begins at byte ${2 * PART} of the file; expected ${PART}`],
    ['begins within a part', PART - 1, {}, `begins at byte ${PART - 1}`],
    ['says another range than it has', PART, { 'content-range': `bytes 0-${FILE.length - 1}/${FILE.length}` }, 'Content-Range'],
    ['has a range of another file', PART, { 'content-range': `bytes ${PART}-${FILE.length}/${FILE.length + 1}` }, 'Content-Range'],
    ['has a range that ends before the file', PART, { 'content-range': `bytes ${PART}-${2 * PART - 1}/*` }, 'Content-Range'],
    ['has a range that is none', PART, { 'content-range': 'pages 1-2' }, 'Content-Range is "pages 1-2"'],
  ])('refuses a rest that %s, and keeps what has arrived', async (_, from, headers, message) => {
    const { id } = await begin()
    await put(`${id}/parts/1`, partOf(1))
    const answer = await put(`${id}/content`, FILE.subarray(from), headers)
    expect([answer.statusCode, codes(answer.json())]).toEqual([422, ['body wrong_start']])
    expect(answer.json().errors[0].message).toContain(message)
    expect(await get(id)).toMatchObject({ status: 'open', next_offset: PART, parts: [{ number: 1, sha256: sha256(partOf(1)) }] })
  })

  it.each<readonly [string, (id: string) => ReturnType<typeof put>, number, string]>([
    ['another digest', (id) => put(`${id}/parts/1`, partOf(1), { 'content-digest': contentDigest(partOf(2)) }), 422, 'digest_mismatch'],
    ['a digest that is none', (id) => put(`${id}/parts/1`, partOf(1), { 'content-digest': 'md5=abc' }), 422, 'wrong_format'],
    ['a short part', (id) => put(`${id}/parts/1`, partOf(3)), 422, 'wrong_size'],
    ['a long part', (id) => put(`${id}/parts/3`, partOf(1)), 422, 'wrong_size'],
    ['a part beyond the end', (id) => put(`${id}/parts/4`, partOf(3)), 404, ''],
    ['a part 0', (id) => put(`${id}/parts/0`, partOf(3)), 404, ''],
    ['a longer file', (id) => put(`${id}/content`, Buffer.concat([FILE, FILE])), 422, 'wrong_start'],
    [
      'a pickle',
      (id) => put(`${id}/parts/1`, Buffer.concat([Buffer.from([0x80, 4, 0x95]), Buffer.alloc(PART - 3)])),
      415,
      'executable_format',
    ],
    ['JSON', (id) => put(`${id}/parts/1`, Buffer.from('{}'), { 'content-type': 'application/json' }), 415, ''],
  ])('refuses %s and keeps nothing of it', async (_, send, status, code) => {
    const { id } = await begin()
    const files = (await api.listFiles()).length
    const answer = await send(id)
    expect([answer.statusCode, answer.json<Problem>().errors[0]?.code ?? '']).toEqual([status, code])
    expect((await get(id)).parts.length).toBe(0)
    expect((await api.listFiles()).length).toBe(files)
    expect((await api.request('DELETE', `/v1/uploads/${id}`)).statusCode).toBe(204)
  })

  it('removes a file that is another one than announced', async () => {
    const { id } = await begin({ sha256: sha256(randomBytes(8)) })
    const files = (await api.listFiles()).length
    const answer = await put(`${id}/content`, FILE)
    expect([answer.statusCode, codes(answer.json())]).toEqual([422, ['sha256 digest_mismatch']])
    expect((await api.request('GET', `/v1/uploads/${id}`)).statusCode).toBe(404)
    expect((await api.listFiles()).length).toBe(files)
  })

  it('lists uploads, frees what is given up, and removes what nobody used in time', async () => {
    const before = (await api.listFiles()).length
    const [given, forgotten] = [await begin(), await begin()]
    await put(`${given.id}/parts/1`, partOf(1))
    await put(`${forgotten.id}/content`, FILE)
    const { data } = (await api.request('GET', '/v1/uploads?limit=2')).json()
    expect(data.map(({ id }: Upload) => id)).toEqual([forgotten.id, given.id])
    expect((await api.request('DELETE', `/v1/uploads/${given.id}`)).statusCode).toBe(204)
    await api.database.workerSql.query("UPDATE uploads SET expires_at = now() - interval '1 s' WHERE id = $1::uuid", [
      fromWireId('upload', forgotten.id),
    ])
    expect(await expireUploads(api.database, api.storage)).toBe(1)
    expect(await expireUploads(api.database, api.storage)).toBe(0)
    for (const { id } of [given, forgotten]) expect((await api.request('GET', `/v1/uploads/${id}`)).statusCode).toBe(404)
    expect((await api.listFiles()).length).toBe(before)
  })

  it.each([
    ['before anything is deleted', 0],
    ['between the parts and the file', 1],
    ['between the files and the row', 2],
  ])('is removed wholly when the process that removes it dies %s', async (_, deletions) => {
    const before = (await api.listFiles()).length
    const [inParts, whole] = [await begin(), await begin()]
    await put(`${inParts.id}/parts/1`, partOf(1))
    await put(`${whole.id}/content`, FILE)
    const ids = [inParts, whole].map(({ id }) => fromWireId('upload', id))
    await api.database.workerSql.query("UPDATE uploads SET expires_at = now() - interval '1 s' WHERE id = ANY ($1::uuid[])", [ids])
    let done = 0
    const dying = async (work: () => Promise<void>) => {
      if (done++ >= deletions) throw new Error('killed')
      await work()
    }
    const storage: ObjectStorage = Object.create(api.storage, {
      abortParts: { value: (upload: PartedUpload) => dying(() => api.storage.abortParts(upload)) },
      delete: { value: (key: string) => dying(() => api.storage.delete(key)) },
    })
    await expect(expireUploads(api.database, storage)).rejects.toThrow('killed')
    // Nobody sees or uses what is half gone, and nobody removes it beside a process that may still be at it.
    for (const { id } of [inParts, whole]) expect((await api.request('GET', `/v1/uploads/${id}`)).statusCode).toBe(404)
    expect((await put(`${inParts.id}/parts/2`, partOf(2))).statusCode).toBe(404)
    expect(await expireUploads(api.database, api.storage)).toBe(0)
    expect(await expireUploads(api.database, api.storage, 0)).toBe(deletions === 2 ? 1 : 2)
    expect(await api.database.workerSql.query('SELECT id FROM uploads WHERE id = ANY ($1::uuid[])', [ids])).toEqual([])
    expect((await api.listFiles()).length).toBe(before)
  })

  it('requirement 37: the storage quota holds when 200 uploads begin at once', async () => {
    const { used } = await api.database.asWorker((tx) => uploads.storageUsage(tx, api.project.id))
    await api.database.asWorker((tx) => projects.setLimits(tx, api.project.id, { storageLimit: used + 10 * MiB + 1 }))
    const files = (await api.listFiles()).length
    const answers = await Promise.all(Array.from({ length: 200 }, () => api.request('POST', '/v1/uploads', { file_name: 'x', bytes: MiB })))
    const begun = answers.filter(({ statusCode }) => statusCode === 201)
    expect(begun.length).toBe(10)
    // 503: the database was asked by too many at once; nothing was begun.
    for (const answer of answers) expect([201, 429, 503]).toContain(answer.statusCode)
    expect(answers.find(({ statusCode }) => statusCode === 429)?.json()).toMatchObject({ code: 'quota_exceeded' })
    for (const answer of begun) await api.request('DELETE', `/v1/uploads/${answer.json().id}`)
    expect((await api.request('POST', '/v1/uploads', { file_name: 'x', bytes: MiB })).statusCode).toBe(201)
    expect((await api.listFiles()).length).toBe(files)
  })

  it.each([
    [{ file: { url: 'ftp://example.org/x.csv' } }, 'sources.file.url refused_url'],
    [{ file: { url: 'http://127.0.0.1:5432/' } }, 'sources.file.url refused_url'],
    [{ file: { upload_id: 'upl_01kasefe5r7x3b9n2m4p6q8s0t' } }, 'sources.file.upload_id not_found'],
    [{ train_images: { url: 'https://example.org/x' } }, 'sources.train_labels missing_part'],
  ])('reports the mistakes of sources %j', async (sources, expected) => {
    const rows = await api.countRows()
    const answer = await api.request('POST', `/v1/datasets/${dataset}/versions/import`, { sources })
    expect([answer.statusCode, codes(answer.json())]).toEqual([422, [expected]])
    expect(await api.countRows()).toEqual(rows)
  })

  it('has no URLs for parts where the storage is a directory', async () => {
    const { id } = await begin()
    const answer = await api.request('POST', `/v1/uploads/${id}/parts/1/url`)
    expect([answer.statusCode, answer.json().hint]).toEqual([409, `PUT the part to /v1/uploads/${id}/parts/1.`])
  })
})
