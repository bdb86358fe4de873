// Uploads: streamed with flat memory, refused early, and never half there.

import { request as openRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dataset, type DatasetVersion, fromWireId, type Problem } from '@trainyard/contracts'
import { uploads } from '@trainyard/database'

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startApiProcess } from './testing/api-process.ts'
import { uploadGenerated } from './testing/generated-upload.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const CSV = 'a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n'
const MiB = 1 << 20

describe('uploads', () => {
  let api: TestApi
  let origin: string
  let path: string
  beforeAll(async () => {
    api = await startTestApi({ uploadBytesMax: 64 * MiB })
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    origin = `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`
  })
  beforeEach(async () => {
    const { id } = (await api.request('POST', '/v1/datasets', { name: 'uploads' })).json<Dataset>()
    path = `/v1/datasets/${id}/versions`
  })
  afterAll(() => api?.stop())

  const post = async (parts: readonly (readonly [string, string | Blob, string?])[], headers: Record<string, string> = {}) => {
    const form = new FormData()
    for (const [name, value, fileName] of parts) {
      if (typeof value === 'string') form.append(name, value)
      else form.append(name, value, fileName ?? name)
    }
    const response = await fetch(origin + path, {
      method: 'POST',
      body: form,
      headers: { authorization: `Bearer ${api.project.key}`, ...headers },
    })
    const body = (await response.json()) as DatasetVersion & Pick<Problem, 'code' | 'errors'>
    return { status: response.status, body, headers: response.headers }
  }
  const file = (content: string | Uint8Array<ArrayBuffer>) => new Blob([content])

  it('requirement 27: stores a file, whatever its name, and queues its preparation', async () => {
    const { status, body } = await post([
      ['options', '{"target": "y", "test_fraction": 0}'],
      ['file', file(CSV), '../../etc/passwd'],
    ])
    const version: DatasetVersion = body
    expect(status).toBe(201)
    expect(version).toMatchObject({ version: 1, status: 'preparing', uploaded_bytes: CSV.length, digest: null, splits: {} })
    const job = (await api.request('GET', `/v1/jobs/${version.job_id}`)).json()
    expect(job).toMatchObject({ kind: 'prepare', state: 'queued' })
    const [upload] = await api.database.asWorker((tx) => uploads.listOfVersion(tx, fromWireId('dataset_version', version.id) ?? ''))
    expect(upload).toMatchObject({
      role: 'file',
      bytes: CSV.length,
      objectKey: `uploads/${fromWireId('dataset_version', version.id)}/file`,
    })
    expect((await api.storage.stat(upload?.objectKey ?? ''))?.bytes).toBe(CSV.length)
    expect((await post([['file', file(CSV)]])).body.version).toBe(2)
  })

  it.each([
    ['a pickle', new Uint8Array([0x80, 4, 0x95, 0, 0]), 415, 'executable_format'],
    ['HDF5', new Uint8Array([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0]), 415, 'executable_format'],
    ['a PyTorch archive', Buffer.from('PK\x03\x04................model/data.pkl'), 415, 'executable_format'],
    ['a PNG', Buffer.from('\x89PNG\r\n', 'latin1'), 415, 'unsupported_media_type'],
    ['nothing', new Uint8Array(), 422, 'invalid_data'],
  ] as const)('refuses %s', async (_, content, status, code) => {
    await expectNothingChanged(async () => {
      const answer = await post([
        ['train_labels', file(CSV)],
        ['train_images', file(new Uint8Array(content))],
      ])
      expect([answer.status, answer.body.code, answer.body.errors[0]?.path]).toEqual([status, code, 'train_images'])
    })
  })

  it('reports every mistake of a form', async () => {
    await expectNothingChanged(async () => {
      const { status, body } = await post([
        ['options', '{"targte": "y", "test_fraction": 2}'],
        ['test_images', file(CSV)],
        ['weights', file(CSV)],
      ])
      const issues: { path: string; code: string }[] = body.errors
      expect(status).toBe(422)
      expect(issues.map((issue) => `${issue.path} ${issue.code}`).sort()).toEqual([
        'options.targte unknown_key',
        'options.test_fraction too_large',
        'test_labels missing_part',
        'train_images missing_part',
        'train_labels missing_part',
        'weights unknown_part',
      ])
    })
  })

  it('requirement 34: bounds the size of a file and the number of parts', async () => {
    await expectNothingChanged(async () => {
      const large = await uploadGenerated(origin + path, api.project.key, 70 * MiB)
      expect(large).toMatchObject({ status: 413 })
      const many = await post(Array.from({ length: 20 }, (_, i) => [`part${i}`, file(CSV)] as const))
      expect([many.status, many.body.code]).toEqual([413, 'payload_too_large'])
    })
  })

  it('requirement 34: refuses a form with a million fields or parts, and keeps nothing of it', async () => {
    await expectNothingChanged(async () => {
      for (const disposition of ['name="f"', 'name="file"; filename="x"']) {
        const piece = Buffer.from(`--limit\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n1\r\n`.repeat(1000))
        const body = ReadableStream.from(
          (async function* () {
            for (let sent = 0; sent < 1_000_000; sent += 1000) yield piece
          })(),
        )
        const headers = { authorization: `Bearer ${api.project.key}`, 'content-type': 'multipart/form-data; boundary=limit' }
        const status = await fetch(origin + path, { method: 'POST', body, headers, duplex: 'half' } as RequestInit).then(
          (response) => response.status,
          () => 'closed',
        )
        expect(['closed', 413, 422]).toContain(status)
      }
    })
  })

  it('requirement 34: leaves nothing of an upload that is aborted', async () => {
    await expectNothingChanged(async () => {
      expect(await uploadGenerated(origin + path, api.project.key, 50 * MiB, 20 * MiB)).toBe('aborted')
    })
  })

  it('does an upload once per Idempotency-Key, and frees the key of a failed one', async () => {
    const key = { 'idempotency-key': 'upload' }
    expect((await post([['file', file(new Uint8Array())]], key)).status).toBe(422)
    const first = await post([['file', file(CSV)]], key)
    const again = await post([['file', file(CSV)]], key)
    expect([first.status, again.status, again.body.id]).toEqual([201, 201, first.body.id])
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    expect((await post([['file', file(`${CSV}1,1,0\n`)]], key)).body.code).toBe('idempotency_mismatch')
  })

  it('requirement 2: a key is held while its upload goes on, and free for a repetition when the process of the upload was killed', async () => {
    const part = (disposition: string, content: string) => `--limit\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
    const form = `${part('name="options"', '{"target": "y"}')}${part('name="file"; filename="x.csv"', CSV)}--limit--\r\n`
    const headers = {
      authorization: `Bearer ${api.project.key}`,
      'content-type': 'multipart/form-data; boundary=limit',
      'idempotency-key': 'killed',
    }
    const repeat = () => fetch(origin + path, { method: 'POST', body: form, headers })
    const expiry = async () => {
      const sql = "SELECT expires_at::text AS at FROM idempotency_keys WHERE key = 'killed'"
      return (await api.database.workerSql.query<{ at: string }>(sql, []))[0]?.at
    }
    const server = await startApiProcess(api.databaseUrl, api.storageUrl)
    const upload = openRequest(server.url + path, { method: 'POST', headers: { ...headers, 'content-length': form.length } })
    upload.on('error', () => {})
    upload.write(form.slice(0, -20))
    while ((await expiry()) === undefined) await sleep(20)
    const claimed = await expiry()
    while ((await expiry()) === claimed) await sleep(100)
    const refused = await repeat()
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([409, '1'])
    await server.stop('SIGKILL')
    let answer = await repeat()
    while (answer.status === 409) {
      await sleep(200)
      answer = await repeat()
    }
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({ version: 1, uploaded_bytes: CSV.length })
    // The first did not become a version, whatever it had stored.
    expect(((await (await repeat()).json()) as DatasetVersion).version).toBe(1)
  })

  it('keeps memory flat', async () => {
    const server = await startApiProcess(api.databaseUrl, api.storageUrl)
    try {
      const answer = await uploadGenerated(server.url + path, api.project.key, 200 * MiB)
      expect(answer).toMatchObject({ status: 201 })
      expect((await server.peakBytes()) / MiB).toBeLessThan(300)
    } finally {
      expect(await server.stop()).toBe(0)
    }
  })

  async function expectNothingChanged(work: () => Promise<void>): Promise<void> {
    const [rows, files] = [await api.countRows(), (await api.listFiles()).sort()]
    await work()
    // The server learns of a broken connection a little later than who broke it.
    await expect.poll(async () => (await api.listFiles()).sort(), { timeout: 20_000 }).toEqual(files)
    expect(await api.countRows()).toEqual(rows)
  }
})
