// Two versions side by side, over HTTP; really prepared, really stored. And what may not be appended to or deleted.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PrepareOptionsInput } from '@trainyard/contracts'
import { bytesSource } from '@trainyard/datasets'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareXor } from './testing/fixtures.ts'
import { preparedVersion, submitPreparation } from './testing/prepared-version.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

let api: TestApi
const folder = mkdtempSync(join(tmpdir(), 'trainyard-diff-'))
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(async () => {
  await api?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ready = (csv: string, options: PrepareOptionsInput) =>
  preparedVersion(api, folder, [bytesSource('file', 'data.csv', Buffer.from(csv))], options)
const idOf = (path: string) => path.split('/').at(-1) ?? ''
const get = async (path: string) => (await api.request('GET', path)).json()

const OPTIONS: PrepareOptionsInput = { id: 'id', ignore: ['part'], split: { by: 'column', column: 'part' } }
const BASE = 'id,size,color,part,y\n1,1,red,train,a\n2,2,red,train,b\n3,3,blue,train,a\n4,4,blue,test,b\n'
/** Row 1 is gone, 2 has another size and 3 another colour, 4 is for training, 5 is new; a colour and a class are new. */
const NEXT = 'id,size,color,part,y\n2,9,red,train,b\n3,3,green,train,a\n4,4,blue,train,b\n5,5,green,test,c\n'

describe('a difference', () => {
  let base: string
  let next: string
  beforeAll(async () => {
    base = await ready(BASE, OPTIONS)
    next = await ready(NEXT, OPTIONS)
  })

  it('has rows, classes, categories and drift', async () => {
    const diff = await get(`${next}/diff?base=${idOf(base)}`)
    expect(diff).toMatchObject({
      object: 'dataset_diff',
      dataset_version_id: idOf(next),
      base_version_id: idOf(base),
      equal: false,
      rows: { exact: true, identity: 'id', base: 4, version: 4, unchanged: 0, added: 1, removed: 1, changed: 2, moved: 1 },
      columns: { added: [], removed: [], type_changed: [] },
      classes: { added: ['c'], removed: [] },
      channels: null,
    })
    const drift = Object.fromEntries(diff.drift.map((column: { name: string }) => [column.name, column]))
    expect(drift.color).toMatchObject({ type: 'category', ks: null, new_categories: ['green'], gone_categories: [] })
    // 1 2 3 4 against 3 4 5 9: after 2, a half against nothing. By chance up to 1.358 · √(8/16).
    expect(drift.size).toMatchObject({ type: 'number', ks: 0.5, js_distance: null, missing: { base: 0, version: 0 } })
    expect(drift.size.ks_by_chance).toBeCloseTo(1.3581 * Math.SQRT1_2, 4)
    // ½ ½ 0 against ¼ ½ ¼.
    expect(diff.class_balance.classes).toEqual([
      { label: 'a', base: 0.5, version: 0.25 },
      { label: 'b', base: 0.5, version: 0.5 },
      { label: 'c', base: 0, version: 0.25 },
    ])
  })

  it('of a version with itself is nothing', async () => {
    const diff = await get(`${base}/diff?base=${idOf(base)}`)
    expect(diff).toMatchObject({ equal: true, rows: { unchanged: 4, added: 0, removed: 0, changed: 0, moved: 0 } })
    expect(diff.drift.every((column: { psi: number; drift: string }) => column.psi === 0 && column.drift === 'none')).toBe(true)
  })

  it('lists its rows as they were and as they are, page by page', async () => {
    const rows = async (change: string, rest = '') => await get(`${next}/diff/rows?base=${idOf(base)}&change=${change}${rest}`)
    const size = ({ values }: { values: { value: unknown }[] }) => values[0]?.value
    const [added] = (await rows('added')).rows
    expect([added.base, added.version.split, size(added.version), added.version.target]).toEqual([null, 'test', 5, 'c'])
    const [moved] = (await rows('moved')).rows
    expect([moved.base.split, moved.version.split, size(moved.version)]).toEqual(['test', 'train', 4])
    const first = await rows('changed', '&limit=1')
    const second = await rows('changed', '&limit=1&offset=1')
    expect([first.has_more, second.has_more]).toEqual([true, false])
    const pairs = [...first.rows, ...second.rows].map(({ base: was, version: is }) => `${size(was)} ${size(is)}`)
    expect(pairs.sort()).toEqual(['2 9', '3 3'])
  })

  it('names columns that came, went and changed their type', async () => {
    const other = await ready('id,size,weight,part,y\n1,small,1,train,a\n2,large,2,train,b\n', OPTIONS)
    expect((await get(`${other}/diff?base=${idOf(base)}`)).columns).toEqual({
      added: [{ name: 'weight', type: 'number' }],
      removed: [{ name: 'color', type: 'category' }],
      type_changed: [{ name: 'size', base: 'number', version: 'category' }],
    })
  })

  it('needs two versions that are ready and have an index', async () => {
    const { path } = await submitPreparation(api, {})
    const xor = await prepareXor(api.database, api.project.id)
    const answers = [`${next}/diff`, `${next}/diff?base=${idOf(path)}`, `${next}/diff?base=${xor.versionId}`].map((url) =>
      api.request('GET', url),
    )
    expect((await Promise.all(answers)).map((response) => response.json().code)).toEqual([
      'invalid_request',
      'dataset_not_ready',
      'conflict',
    ])
  })
})

describe('a version that is appended to', () => {
  const source = { sources: { file: { url: 'https://example.org/more.csv' } } }

  it('has a version of its rows and of a URL; stays until that one is prepared; is appended once per key', async () => {
    const base = await ready(BASE, OPTIONS)
    const key = { 'idempotency-key': 'append-once' }
    const answers = [
      await api.request('POST', `${base}/append/import`, source, key),
      await api.request('POST', `${base}/append/import`, source, key),
    ]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201])
    const [created, repeated] = answers.map((response) => response.json())
    expect(created).toMatchObject({ status: 'preparing', base_version_id: idOf(base), version: 2 })
    expect(repeated.id).toBe(created.id)
    const refused = await api.request('DELETE', base)
    expect([refused.statusCode, refused.json().detail]).toEqual([409, 'A version that is being appended to this one is not ready yet.'])
    await api.request('POST', `/v1/jobs/${created.job_id}/cancel`, {})
    expect((await api.request('DELETE', base)).statusCode).toBe(204)
    const orphan = await get(base.replace(idOf(base), created.id))
    expect(orphan).toMatchObject({ base_version_id: null, status: 'failed' })
  })

  it('gives a form that is sent again its first answer, also when the version is gone by then', async () => {
    const base = await ready(BASE, OPTIONS)
    const send = () =>
      api.app.inject({
        method: 'POST',
        url: `${base}/append`,
        headers: {
          authorization: `Bearer ${api.project.key}`,
          'content-type': 'multipart/form-data; boundary=b',
          'idempotency-key': 'append-form',
        },
        payload:
          '--b\r\ncontent-disposition: form-data; name="file"; filename="more.csv"\r\n\r\nid,size,color,part,y\n9,9,red,train,a\n\r\n--b--\r\n',
      })
    const first = await send()
    expect(first.statusCode).toBe(201)
    await api.request('POST', `/v1/jobs/${first.json().job_id}/cancel`, {})
    expect((await api.request('DELETE', base)).statusCode).toBe(204)
    const again = await send()
    expect([again.statusCode, again.headers['idempotency-replayed'], again.json().id]).toEqual([201, 'true', first.json().id])
  })

  it('must be ready, and all mistakes of sources are named', async () => {
    const { path } = await submitPreparation(api, {})
    expect((await api.request('POST', `${path}/append/import`, source)).json().code).toBe('dataset_not_ready')
    const base = await ready(BASE, OPTIONS)
    const wrong = await api.request('POST', `${base}/append/import`, { sources: { train_images: { url: 'http://127.0.0.1/x' } } })
    const paths = wrong.json<{ errors: { path: string }[] }>().errors.map((issue) => issue.path)
    expect([wrong.statusCode, paths]).toEqual([422, ['sources.train_images.url', 'sources.train_labels']])
  })
})
