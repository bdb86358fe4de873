// What is around the operations: health, metrics, documentation, rate limits, the process and its end.

import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { type Dataset, fromWireId, type Job, type Upload } from '@trainyard/contracts'
import { runState } from '@trainyard/database'
import type { ObjectStorage } from '@trainyard/storage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildApp } from './app.ts'
import { DEFAULT_LIMITS } from './deps.ts'
import { createJobCompletions } from './modules/jobs/job-completions.ts'
import { startApiProcess } from './testing/api-process.ts'
import { prepareXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

describe('the service around its operations', () => {
  let api: TestApi
  let job: Job
  beforeAll(async () => {
    api = await startTestApi()
    const { datasetId } = await prepareXor(api.database, api.project.id)
    job = (await api.request('POST', '/v1/jobs', { kind: 'train', dataset: datasetId, model: XOR_SPEC })).json()
  })
  afterAll(() => api?.stop())

  it('says that it is alive and ready, and what waits', async () => {
    expect((await api.app.inject('/healthz')).json()).toEqual({ status: 'ok' })
    const ready = await api.app.inject('/readyz')
    expect(ready.statusCode).toBe(200)
    expect(ready.json()).toMatchObject({ status: 'ready', checks: { database: 'ok', storage: 'ok' }, queue: { queued: 1 } })
  })

  it('is not ready without its storage, and says 503 without its database', async () => {
    const unreachable = () => Promise.reject(Object.assign(new Error('secret of postgres at 10.0.0.1'), { code: 'ECONNREFUSED' }))
    const broken = {
      ...api.database,
      workerSql: { query: unreachable },
      projectSql: () => ({ query: unreachable }),
      withProject: unreachable,
    }
    const storage = Object.assign(Object.create(api.storage), { check: () => Promise.reject(new Error('no such directory')) })
    const completions = createJobCompletions(api.databaseUrl)
    const app = await buildApp({ database: broken, storage, completions, importPolicy: { allowedHosts: [] }, limits: DEFAULT_LIMITS })
    const ready = await app.inject('/readyz')
    expect([ready.statusCode, ready.json()]).toEqual([
      503,
      { status: 'not_ready', checks: { database: 'failed', storage: 'failed' }, queue: null },
    ])
    const headers = { authorization: `Bearer ${api.project.key}` }
    for (const url of ['/v1/jobs', '/v1/models']) {
      const answer = await app.inject({ url, headers })
      const { code, retryable } = answer.json()
      expect([answer.statusCode, code, retryable, answer.headers['retry-after']]).toEqual([503, 'unavailable', true, '1'])
      expect(answer.body).not.toContain('10.0.0.1')
    }
    await app.close()
    await completions.close()
  })

  it('refuses what its storage would have to hold in memory beyond the limit, before it reads any of it', async () => {
    const storage: ObjectStorage = Object.assign(Object.create(api.storage), { bytesHeld: () => DEFAULT_LIMITS.bodiesBytesMax + 1 })
    const completions = createJobCompletions(api.databaseUrl)
    const app = await buildApp({ ...api, storage, completions, importPolicy: { allowedHosts: [] }, limits: DEFAULT_LIMITS })
    const headers = { authorization: `Bearer ${api.project.key}` }
    const upload = (await api.request('POST', '/v1/uploads', { file_name: 'f.csv', bytes: 10 })).json<Upload>()
    const dataset = (await api.request('POST', '/v1/datasets', { name: 'held' })).json<Dataset>()
    for (const [method, url, type] of [
      ['PUT', `/v1/uploads/${upload.id}/parts/1`, 'application/octet-stream'],
      ['PUT', `/v1/uploads/${upload.id}/content`, 'application/octet-stream'],
      ['POST', `/v1/datasets/${dataset.id}/versions`, 'multipart/form-data; boundary=b'],
    ] as const) {
      const answer = await app.inject({ method, url, headers: { ...headers, 'content-type': type }, payload: '0123456789' })
      expect([url, answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([url, 503, 'overloaded', '1'])
    }
    const sent = await app.inject({ method: 'POST', url: '/v1/datasets', headers, payload: { name: 'others are served' } })
    expect(sent.statusCode).toBe(201)
    await app.close()
    await completions.close()
  })

  it('counts requests and jobs for Prometheus', async () => {
    const { body } = await api.app.inject('/metrics')
    expect(body).toContain('trainyard_jobs{kind="train",state="queued"} 1')
    expect(body).toContain('trainyard_queue_depth 1')
    expect(body).toMatch(/trainyard_http_request_duration_seconds_count\{method="POST",route="\/v1\/jobs",status="201"\} 1/)
  })

  it('shows its documentation without any other server', async () => {
    const page = await api.app.inject('/docs/')
    expect(page.statusCode).toBe(200)
    const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source)
    expect(sources).toEqual(['js/scalar.js'])
    expect(page.body).toContain('/openapi.json')
    expect((await api.app.inject('/docs/js/scalar.js')).body.length).toBeGreaterThan(1_000_000)
    expect((await api.app.inject('/docs')).headers.location).toBe('/docs/')
    expect((await api.app.inject('/openapi.json')).json().openapi).toBe('3.1.0')
    expect((await api.app.inject('/errors/invalid_model')).body).toContain('The model specification has mistakes')
  })

  it('limits requests per key and says how many are left', async () => {
    const limits = { ...DEFAULT_LIMITS, requestsPerWindow: 2 }
    const completions = createJobCompletions(api.databaseUrl)
    const app = await buildApp({ database: api.database, storage: api.storage, completions, importPolicy: { allowedHosts: [] }, limits })
    const ask = (key: string) => app.inject({ url: '/v1/project', headers: { authorization: `Bearer ${key}` } })
    const first = await ask(api.project.key)
    expect(first.headers['ratelimit-policy']).toBe('"key";q=2;w=60')
    expect(first.headers.ratelimit).toMatch(/^"key";r=1;t=\d+$/)
    await ask(api.project.key)
    const third = await ask(api.project.key)
    expect([third.statusCode, third.json().code, third.headers['x-should-retry']]).toEqual([429, 'rate_limited', 'true'])
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0)
    expect((await ask(api.other.key)).statusCode).toBe(200)
    await app.close()
    await completions.close()
  })

  it('ends in order on SIGTERM, although a client listens to a stream', async () => {
    const server = await startApiProcess(api.databaseUrl, api.storageUrl)
    const claimed = await runState.claim(api.database.workerSql, {
      runId: fromWireId('run', job.run_ids[0] ?? '') ?? '',
      owner: 'test',
      ttlMs: 60_000,
    })
    expect(claimed).not.toBeNull()
    const headers = { authorization: `Bearer ${api.project.key}`, accept: 'text/event-stream' }
    const [response] = await once(httpRequest(`${server.url}/v1/jobs/${job.id}/events`, { headers }).end(), 'response')
    const ended = once(response.resume(), 'end')
    expect(await server.stop()).toBe(0)
    await ended
  })
})
