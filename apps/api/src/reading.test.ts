// What clients read: polling with ETags, pages, metrics, events as list and stream, downloads, predictions.

import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fromWireId, type Job } from '@trainyard/contracts'
import { runFlush, runState } from '@trainyard/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeJob, type TrainedXor, trainXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

describe('reading', () => {
  let api: TestApi
  let xor: TrainedXor
  beforeAll(async () => {
    api = await startTestApi({ predictWaitMs: 1500 })
    xor = await trainXor(api.database, api.storage, api.project.id)
  })
  afterAll(() => api?.stop())

  const get = async (path: string) => (await api.request('GET', path)).json()
  const submit = async (): Promise<Job> =>
    (await api.request('POST', '/v1/jobs', { kind: 'train', dataset: xor.datasetId, model: XOR_SPEC })).json()

  it('answers 304 while nothing has changed', async () => {
    const job = await submit()
    const path = `/v1/jobs/${job.id}`
    const first = await api.request('GET', path)
    const etag = String(first.headers.etag)
    const again = await api.request('GET', path, undefined, { 'if-none-match': etag })
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag])
    await api.request('POST', `${path}/cancel`)
    const changed = await api.request('GET', path, undefined, { 'if-none-match': etag })
    expect([changed.statusCode, changed.json().state]).toEqual([200, 'cancelled'])
  })

  it('cancels a waiting job at once, and twice without harm', async () => {
    const job = await submit()
    for (let i = 0; i < 2; i++) {
      const response = await api.request('POST', `/v1/jobs/${job.id}/cancel`)
      expect(response.statusCode).toBe(202)
      expect(response.json()).toMatchObject({ state: 'cancelled', terminal: true, allowed_actions: ['retry'], cancel_requested: true })
    }
  })

  it('pages stably, forwards and backwards', async () => {
    for (let i = 0; i < 5; i++) await api.request('POST', '/v1/datasets', { name: `page-${i}` })
    const first = await get('/v1/datasets?limit=2')
    expect([first.data.length, first.has_more, first.last_id]).toEqual([2, true, first.data[1].id])
    await api.request('POST', '/v1/datasets', { name: 'newer' })
    const second = await get(`/v1/datasets?limit=2&after=${first.last_id}`)
    expect(second.data.map((d: { name: string }) => d.name)).toEqual(['page-2', 'page-1'])
    const back = await get(`/v1/datasets?limit=2&before=${second.first_id}`)
    expect(back.data).toEqual(first.data)
  })

  it('shows progress, metrics in buckets, and not-finite numbers as text', async () => {
    const job = await submit()
    const runId = fromWireId('run', job.run_ids[0] ?? '') ?? ''
    const sql = api.database.workerSql
    const claimed = await runState.claim(sql, { runId, owner: 'test', ttlMs: 60_000 })
    if (claimed === null) throw new Error('not claimed')
    const points = Array.from({ length: 100 }, (_, i) => ({
      name: 'train/loss',
      step: i + 1,
      value: i === 49 ? 1000 : i === 99 ? Number.NaN : i,
    }))
    await runFlush.flush(sql, claimed, {
      ttlMs: 60_000,
      points,
      progress: { phase: 'training', step: 100, epoch: 0.5, samplesPerSecond: 3200 },
    })
    expect(await get(`/v1/jobs/${job.id}`)).toMatchObject({ state: 'running', metrics: { 'train/loss': 'NaN' }, progress: { step: 100 } })
    const { series } = await get(`/v1/runs/${job.run_ids[0]}/metrics?names=train/loss&max_points=10&after_step=20`)
    expect(series[0].points).toHaveLength(10)
    expect(Math.max(...series[0].points.map((p: { max: number }) => p.max))).toBe(1000)
    expect(series[0].points.at(-1)).toMatchObject({ step: 100, value: 'NaN', non_finite: 1 })
  })

  it('downloads a checkpoint, in parts and only when it has changed', async () => {
    const path = `/v1/checkpoints/${xor.checkpointId}/download`
    const { sha256 } = await get(`/v1/checkpoints/${xor.checkpointId}`)
    const all = await api.request('GET', path)
    expect(all.rawPayload.equals(xor.content)).toBe(true)
    expect([all.headers.etag, all.headers['content-length'], all.headers['accept-ranges']]).toEqual([`"${sha256}"`, '1000', 'bytes'])
    const part = async (range: string, more: Record<string, string> = {}) => {
      const { statusCode, headers, rawPayload } = await api.request('GET', path, undefined, { range, ...more })
      return [
        statusCode,
        headers['content-range'],
        statusCode === 206 ? rawPayload.equals(xor.content.subarray(...slice(range))) : rawPayload.length,
      ]
    }
    const slice = (range: string): [number, number?] =>
      range.startsWith('bytes=-')
        ? [-Number(range.slice(7))]
        : [Number(range.slice(6).split('-')[0]), Number(range.split('-')[1] || 999) + 1]
    expect(await part('bytes=100-199')).toEqual([206, 'bytes 100-199/1000', true])
    expect(await part('bytes=990-')).toEqual([206, 'bytes 990-999/1000', true])
    expect(await part('bytes=-10')).toEqual([206, 'bytes 990-999/1000', true])
    expect(await part('bytes=0-9', { 'if-range': '"other"' })).toEqual([200, undefined, 1000])
    expect((await part('bytes=1000-')).slice(0, 2)).toEqual([416, 'bytes */1000'])
    expect((await api.request('GET', path, undefined, { 'if-none-match': `W/"${sha256}"` })).statusCode).toBe(304)
  })

  it('predicts through the queue, and answers with the job when it takes too long', async () => {
    const path = `/v1/checkpoints/${xor.checkpointId}/predict`
    const asked = api.request('POST', path, { inputs: [[0, 1]] })
    const predictions = [{ outputs: [0, 1], classes: [{ label: '1', index: 1, probability: 0.7 }] }]
    await completePrediction(predictions)
    const done = await asked
    expect([done.statusCode, done.json().predictions]).toEqual([200, predictions])
    const slow = await api.request('POST', path, { inputs: [[0, 1]] })
    expect([slow.statusCode, slow.json().kind, slow.json().state]).toEqual([202, 'predict', 'queued'])
    const wrong = await api.request('POST', path, { inputs: [[0, 1], [0], [[1], ['x']]] })
    expect(wrong.json().errors.map((e: { path: string }) => e.path)).toEqual(['inputs[2][1][0]'])
    const short = await api.request('POST', path, { inputs: [[0, 1], [0]] })
    expect(short.json().errors[0]).toMatchObject({ path: 'inputs[1]', code: 'wrong_size' })
    expect((await get('/v1/jobs')).data.some((job: Job) => job.kind === 'predict')).toBe(false)
  })

  async function completePrediction(predictions: { outputs: number[] }[]): Promise<void> {
    for (;;) {
      const [row] = await api.database.workerSql.query<{ id: string }>(
        "SELECT id FROM jobs WHERE kind = 'predict' AND state = 'queued'",
        [],
      )
      if (row !== undefined) {
        await completeJob(api.database, row.id, { kind: 'predict', predictions })
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  it('streams events until the job has ended, and goes on where a connection broke', async () => {
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = api.app.server.address() as AddressInfo
    const stream = async (lastEventId?: string) => {
      const headers = {
        authorization: `Bearer ${api.project.key}`,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      }
      const request = httpRequest({ port, host: '127.0.0.1', path: `/v1/jobs/${xor.trainJobId}/events`, headers }).end()
      const [response] = await once(request, 'response')
      let text = ''
      for await (const chunk of response) text += chunk
      return { type: response.headers['content-type'], ids: [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id), text }
    }
    const { data } = await get(`/v1/jobs/${xor.trainJobId}/events`)
    const all = await stream()
    expect(all.type).toBe('text/event-stream')
    expect(all.ids).toEqual(data.map((event: { seq: number }) => String(event.seq)))
    expect((await stream(all.ids[0])).ids).toEqual(all.ids.slice(1))
    expect(all.text).toContain('event: succeeded')
  })
})
