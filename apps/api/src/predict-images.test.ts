// Forms of pictures to predict that are refused before a job is made. What becomes of good ones: tests/e2e/pictures.test.ts.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { trainXor } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const BYTES_MAX = 2000

let api: TestApi
let checkpoint: string
beforeAll(async () => {
  api = await startTestApi({ predictBytesMax: BYTES_MAX })
  checkpoint = (await trainXor(api.database, api.storage, api.project.id)).checkpointId
})
afterAll(async () => {
  await api?.stop()
})

async function send(parts: readonly (readonly [part: string, content: string, name?: string])[], query = '') {
  const form = new FormData()
  for (const [part, content, name] of parts) {
    if (name === undefined) form.append(part, content)
    else form.append(part, new Blob([content]), name)
  }
  const body = new Response(form)
  const response = await api.app.inject({
    method: 'POST',
    url: `/v1/checkpoints/${checkpoint}/predict/images${query}`,
    headers: { authorization: `Bearer ${api.project.key}`, 'content-type': body.headers.get('content-type') ?? '' },
    payload: Buffer.from(await body.arrayBuffer()),
  })
  const { code, errors } = response.json<{ code: string; errors?: { path: string; code: string; hint: string }[] }>()
  return { status: response.statusCode, code, issues: errors }
}

describe('pictures to predict', () => {
  it('are refused with every mistake of the form, and no job is made', async () => {
    const before = await api.countRows()
    const { status, issues } = await send([
      ['pictures', 'x', 'a.png'],
      ['images', '', 'empty.png'],
      ['top_k', '3'],
    ])
    expect(status).toBe(422)
    expect(issues?.map(({ path, code }) => [path, code])).toEqual([
      ['pictures', 'unknown_part'],
      ['images[0]', 'empty_file'],
      ['top_k', 'unknown_part'],
    ])
    expect(issues?.every(({ hint }) => hint !== '')).toBe(true)
    expect((await send([])).issues?.map(({ path, code }) => [path, code])).toEqual([['images', 'missing_part']])
    expect((await send([['images', 'x', 'a.png']], '?top_k=0')).issues?.map(({ path }) => path)).toEqual(['query.top_k'])
    expect(await api.countRows()).toEqual(before)
  })

  it('are refused above the limit: one file, and all together', async () => {
    expect(await send([['images', 'x'.repeat(BYTES_MAX + 1), 'a.png']])).toMatchObject({ status: 413, code: 'payload_too_large' })
    const half = 'x'.repeat(BYTES_MAX / 2 + 1)
    const both = [
      ['images', half, 'a.png'],
      ['images', half, 'b.png'],
    ] as const
    expect(await send(both)).toMatchObject({ status: 413, code: 'payload_too_large' })
  })

  it('are refused by a model of a table, and as JSON', async () => {
    const { status, issues } = await send([['images', 'x', 'a.png']])
    expect(status).toBe(422)
    expect(issues).toMatchObject([{ path: 'images', code: 'wrong_type' }])
    const json = await api.request('POST', `/v1/checkpoints/${checkpoint}/predict/images`, { inputs: [[1]] })
    expect(json.statusCode).toBe(415)
  })
})
