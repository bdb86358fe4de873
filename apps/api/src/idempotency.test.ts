// POST with an Idempotency-Key: done once, answered always.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

describe('Idempotency-Key', () => {
  let api: TestApi
  let body: object
  beforeAll(async () => {
    api = await startTestApi()
    const { datasetId } = await prepareXor(api.database, api.project.id)
    body = { kind: 'train', dataset: datasetId, model: XOR_SPEC }
  })
  afterAll(() => api?.stop())

  const submit = (key: string, rest: object = {}, url = '/v1/jobs') =>
    api.request('POST', url, { ...body, ...rest }, { 'idempotency-key': key })

  it('requirement 2: makes one job of a hundred concurrent submissions', async () => {
    const before = await api.countRows()
    const responses = await Promise.all(Array.from({ length: 100 }, () => submit('hundred')))
    expect(new Set(responses.map(({ statusCode }) => statusCode))).toEqual(new Set([201]))
    expect(new Set(responses.map((response) => response.body)).size).toBe(1)
    expect(responses.filter(({ headers }) => headers['idempotency-replayed'] === 'true')).toHaveLength(99)
    const after = await api.countRows()
    expect(after).toEqual({
      ...before,
      jobs: Number(before.jobs) + 1,
      runs: Number(before.runs) + 1,
      outbox: Number(before.outbox) + 1,
      run_events: Number(before.run_events) + 1,
      idempotency_keys: Number(before.idempotency_keys) + 1,
    })
  })

  it('requirement 2: refuses the key for another request', async () => {
    await submit('reused')
    for (const response of [await submit('reused', { name: 'other' }), await submit('reused', {}, '/v1/jobs?validate_only=true')]) {
      expect([response.statusCode, response.json().code]).toEqual([422, 'idempotency_mismatch'])
    }
  })

  it('forgets a request that failed', async () => {
    expect((await submit('failed', { training: { epochs: -1 } })).statusCode).toBe(422)
    expect((await submit('failed')).statusCode).toBe(201)
  })

  it('validates without creating anything', async () => {
    const before = await api.countRows()
    const response = await api.request('POST', '/v1/jobs?validate_only=true', body)
    expect(response.json()).toMatchObject({ object: 'job_validation', estimate: { parameters: 42, total_steps: 1 } })
    expect(await api.countRows()).toEqual(before)
  })
})
