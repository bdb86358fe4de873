// What can be seen of a prepared version: report, profile, quarantine, rows, images, augmented images. Really prepared, really stored.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PrepareOptionsInput } from '@trainyard/contracts'
import { runState } from '@trainyard/database'
import { bytesSource, type DataSource } from '@trainyard/datasets'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { preparedVersion, submitPreparation } from './testing/prepared-version.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

let api: TestApi
const folder = mkdtempSync(join(tmpdir(), 'trainyard-analysis-'))
beforeAll(async () => {
  api = await startTestApi()
})
afterAll(async () => {
  await api?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const submitVersion = (options: PrepareOptionsInput) => submitPreparation(api, options)
const ready = (sources: readonly DataSource[], options: PrepareOptionsInput) => preparedVersion(api, folder, sources, options)

const CSV = [
  'color,size,day,y',
  ...Array.from(
    { length: 30 },
    (_, i) => `${['red', 'blue', ''][i % 3]},${i},2024-02-${String(Math.min(i + 1, 29)).padStart(2, '0')},${i % 2 === 0 ? 'a' : 'b'}`,
  ),
  'red,=big(),2024-02-01,a',
  '',
].join('\n')
const file = (text: string) => [bytesSource('file', 'data.csv', Buffer.from(text))]

function idx(sizes: readonly number[], value: (i: number) => number): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.set([0, 0, 8, sizes.length])
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i)
  })
  return Buffer.concat([header, Uint8Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, i) => value(i))])
}

/** Width and height of a PNG, from its header. */
const pngSize = (bytes: Buffer) => [bytes.toString('latin1', 1, 4), bytes.readUInt32BE(16), bytes.readUInt32BE(20)]

describe('a table', () => {
  let path: string
  beforeAll(async () => {
    path = await ready(file(CSV), { mode: 'tolerant', test_fraction: 0.2 })
  })

  it('has a report', async () => {
    const response = await api.request('GET', `${path}/report`)
    expect(response.statusCode).toBe(200)
    expect(response.json()).toMatchObject({
      object: 'dataset_report',
      status: 'ready',
      mode: 'tolerant',
      rows: { read: 31, used: 30, quarantined: 1 },
      problems: [
        { severity: 'error', code: 'not_a_number', column: 'size', count: 1, examples: [{ row: 32, value: '=big()' }] },
        { severity: 'warning', code: 'identifying_column', column: 'size' },
      ],
      leakage: { exact_duplicates: { exact: true }, near_duplicates: null },
    })
  })

  it('has a profile', async () => {
    const { columns, splits, rows } = (await api.request('GET', `${path}/profile`)).json()
    expect(rows).toBe(30)
    expect(columns).toMatchObject([
      { name: 'color', type: 'category', missing: 10, distinct: 2 },
      { name: 'size', type: 'number', min: 0, max: 29, mean: 14.5, distinct: 30 },
      {
        name: 'day',
        type: 'date',
        min: '2024-02-01',
        max: '2024-02-29',
        distinct: 29,
      },
    ])
    expect(columns[2].top_values[0]).toEqual({ value: '2024-02-29', count: 2 })
    expect(splits.train.classes).toEqual([
      { label: 'a', count: 12, share: 0.5 },
      { label: 'b', count: 12, share: 0.5 },
    ])
  })

  it('gives back the rows that were left out, without formulas', async () => {
    const response = await api.request('GET', `${path}/quarantine`)
    expect(response.headers['content-type']).toContain('text/csv')
    expect(response.body).toBe(`row,code,column,value,content\r\n32,not_a_number,size,'=big(),"red,=big(),2024-02-01,a"\r\n`)
  })

  it('shows its rows', async () => {
    const { rows, total_rows, split } = (await api.request('GET', `${path}/preview?split=train&offset=2&limit=3`)).json()
    expect([rows.length, total_rows, split]).toEqual([3, 24, 'train'])
    expect(rows[0].row).toBe(2)
    for (const { values, target } of rows) {
      const [color, size, day] = values as { name: string; value: unknown }[]
      const i = Number(size?.value)
      expect(day?.value).toBe(`2024-02-${String(Math.min(i + 1, 29)).padStart(2, '0')}`)
      expect([color?.value, target]).toEqual([['red', 'blue', null][i % 3], i % 2 === 0 ? 'a' : 'b'])
    }
  })

  it('has no pictures', async () => {
    expect((await api.request('GET', `${path}/contact-sheet`)).json()).toMatchObject({ status: 409, code: 'conflict' })
  })

  it.each([
    ['preview?split=nope', 'unknown_split'],
    ['preview?limit=1000', undefined],
    ['preview?offset=-1', undefined],
  ])('refuses %s', async (what, code) => {
    const response = await api.request('GET', `${path}/${what}`)
    expect(response.statusCode).toBe(422)
    if (code !== undefined) expect(response.json().errors[0].code).toBe(code)
  })
})

describe('images', () => {
  let path: string
  beforeAll(async () => {
    const sources = [
      bytesSource(
        'train_images',
        'images',
        idx([20, 28, 28], (i) => (i * 7) % 256),
      ),
      bytesSource(
        'train_labels',
        'labels',
        idx([20], (i) => i % 2),
      ),
    ]
    path = await ready(sources, { test_fraction: 0 })
  })

  it('are shown on one sheet', async () => {
    const response = await api.request('GET', `${path}/contact-sheet?limit=10`)
    expect([response.statusCode, response.headers['content-type']]).toEqual([200, 'image/png'])
    // Two rows of eight tiles of 56 × 56 with gaps of 2.
    expect(pngSize(response.rawPayload)).toEqual(['PNG', 8 * 58 + 2, 2 * 58 + 2])
  })

  it('are shown as augmentation changes them, the same for the same seed', async () => {
    const body = {
      augmentation: [
        { type: 'rotation', degrees: 30 },
        { type: 'gaussian_noise', std: 0.1 },
      ],
      limit: 3,
      copies: 4,
    }
    const show = (seed: number) => api.request('POST', `${path}/augmentation-preview`, { ...body, seed })
    const first = await show(1)
    expect([first.statusCode, first.headers['content-type']]).toEqual([200, 'image/png'])
    expect(pngSize(first.rawPayload)).toEqual(['PNG', 5 * 58 + 2, 3 * 58 + 2])
    expect((await show(1)).rawPayload.equals(first.rawPayload)).toBe(true)
    expect((await show(2)).rawPayload.equals(first.rawPayload)).toBe(false)
    const bad = await api.request('POST', `${path}/augmentation-preview`, { augmentation: [{ type: 'rotation', degrees: 900 }] })
    expect([bad.statusCode, bad.json().errors[0].path]).toEqual([422, expect.stringContaining('augmentation')])
  })

  it('have a report without anything left out', async () => {
    expect((await api.request('GET', `${path}/report`)).json()).toMatchObject({
      problems: [],
      rows: { read: 20, used: 20, quarantined: 0 },
    })
    expect((await api.request('GET', `${path}/quarantine`)).statusCode).toBe(404)
  })
})

describe('a version that is not ready', () => {
  it('says so', async () => {
    const { path } = await submitVersion({})
    for (const what of ['report', 'profile', 'preview', 'contact-sheet', 'quarantine']) {
      expect([(await api.request('GET', `${path}/${what}`)).json().code, what]).toEqual(['dataset_not_ready', what])
    }
  })

  it('or failed, with its problems as a report', async () => {
    const { path, jobId } = await submitVersion({})
    const [run] = await api.database.workerSql.query<{ id: string }>('SELECT id FROM runs WHERE job_id = $1::uuid', [jobId])
    const fence = await runState.claim(api.database.workerSql, { runId: run?.id ?? '', owner: 'test', ttlMs: 60_000 })
    if (fence === null) throw new Error('the run could not be claimed')
    const data = { file: 'data.csv', column: null, count: 3, examples: [{ row: 2, value: '2 cells' }] }
    const issue = { path: 'row 2', code: 'wrong_cell_count', message: 'data.csv: a row too short', hint: 'Complete it.', data }
    const failure = { category: 'data' as const, code: 'invalid_data', message: 'one problem', hint: 'Correct it.', issues: [issue] }
    await runState.fail(api.database.workerSql, fence, failure)
    expect((await api.request('GET', `${path}/report`)).json()).toMatchObject({
      status: 'failed',
      rows: null,
      problems: [{ code: 'wrong_cell_count', message: 'data.csv: a row too short', ...data }],
      problem_count: 3,
    })
    expect((await api.request('GET', `${path}/profile`)).statusCode).toBe(409)
  })
})
