// Cancel, pause, resume, retry: what each state allows, what a repetition does, what is refused and how.

import { fromWireId, type Job, newUuid, toWireId } from '@trainyard/contracts'
import { type ClaimedRun, jobs, runFlush, runState } from '@trainyard/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PreparedDataset, prepareXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const FAILURE = { category: 'data', code: 'diverged', message: 'The loss is NaN.', hint: 'Lower the learning rate.' } as const

describe('actions on a job', () => {
  let api: TestApi
  let data: PreparedDataset
  beforeAll(async () => {
    api = await startTestApi()
    data = await prepareXor(api.database, api.project.id)
  })
  afterAll(() => api?.stop())

  const submit = async (changes: object = {}): Promise<Job> => {
    const response = await api.request('POST', '/v1/jobs', { kind: 'train', dataset: data.datasetId, model: XOR_SPEC, ...changes })
    if (response.statusCode !== 201) throw new Error(response.body)
    return response.json()
  }
  const get = async (id: string): Promise<Job> => (await api.request('GET', `/v1/jobs/${id}`)).json()
  const act = (id: string, action: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.request('POST', `/v1/jobs/${id}/${action}`, body, headers)
  const claim = async (job: Job): Promise<ClaimedRun> => {
    const runId = fromWireId('run', job.run_ids[0] ?? '') ?? ''
    const run = await runState.claim(api.database.workerSql, { runId, owner: 'w', ttlMs: 60_000 })
    if (run === null) throw new Error(`run ${runId} cannot be claimed`)
    return run
  }

  /** State, as a user sees it → a job in it. */
  const inState: Record<string, () => Promise<Job>> = {
    queued: submit,
    running: async () => {
      const job = await submit()
      await claim(job)
      return job
    },
    pausing: async () => {
      const job = await submit()
      await claim(job)
      await act(job.id, 'pause')
      return job
    },
    paused: async () => {
      const job = await submit()
      await act(job.id, 'pause')
      return job
    },
    cancelling: async () => {
      const job = await submit()
      await claim(job)
      await act(job.id, 'cancel')
      return job
    },
    succeeded: async () => {
      const job = await submit()
      const result = { kind: 'train', steps: 1, epochs: 1, metrics: {}, seconds: 1, samples_per_second: 1 } as const
      await runState.complete(api.database.workerSql, await claim(job), { result })
      return job
    },
    failed: async () => {
      const job = await submit()
      await runState.fail(api.database.workerSql, await claim(job), FAILURE)
      return job
    },
    cancelled: async () => {
      const job = await submit()
      await act(job.id, 'cancel')
      return job
    },
  }

  // State → allowed_actions, terminal, and status and state after each action. 202 without being allowed: asked for already.
  it.each([
    ['queued', ['cancel', 'pause'], false, { cancel: [202, 'cancelled'], pause: [202, 'paused'], resume: [202, 'queued'], retry: [409] }],
    ['running', ['cancel', 'pause'], false, { cancel: [202, 'running'], pause: [202, 'running'], resume: [202, 'running'], retry: [409] }],
    ['pausing', ['cancel', 'resume'], false, { cancel: [202, 'running'], pause: [202, 'running'], resume: [202, 'running'], retry: [409] }],
    ['paused', ['cancel', 'resume'], false, { cancel: [202, 'cancelled'], pause: [202, 'paused'], resume: [202, 'queued'], retry: [409] }],
    ['cancelling', [], false, { cancel: [202, 'running'], pause: [409], resume: [409], retry: [409] }],
    ['succeeded', [], true, { cancel: [202, 'succeeded'], pause: [409], resume: [409], retry: [409] }],
    ['failed', ['retry'], true, { cancel: [202, 'failed'], pause: [409], resume: [409], retry: [201, 'queued'] }],
    ['cancelled', ['retry'], true, { cancel: [202, 'cancelled'], pause: [409], resume: [409], retry: [201, 'queued'] }],
  ] as const)('%s allows %j', async (state, allowed, terminal, outcomes) => {
    for (const [action, expected] of Object.entries(outcomes)) {
      const { id } = (await inState[state]?.()) ?? { id: '' }
      expect(await get(id)).toMatchObject({ allowed_actions: allowed, terminal })
      const response = await act(id, action)
      const body = response.json()
      expect([action, response.statusCode, ...(response.statusCode < 300 ? [body.state] : [])]).toEqual([action, ...expected])
      if (response.statusCode === 409) {
        expect(body).toMatchObject({ code: 'conflict', retryable: false })
        expect(response.headers['x-should-retry']).toBe('false')
        expect(body.detail).toContain(id)
      }
      // The same again is the same.
      if (action !== 'retry') expect((await act(id, action)).statusCode).toBe(response.statusCode)
    }
  })

  it('are done once per Idempotency-Key', async () => {
    const failed = (await inState.failed?.()) ?? { id: '' }
    const key = { 'idempotency-key': newUuid() }
    const [first, second] = [await act(failed.id, 'retry', {}, key), await act(failed.id, 'retry', {}, key)]
    expect(second.json().id).toBe(first.json().id)
    expect(second.headers['idempotency-replayed']).toBe('true')
  })

  it('happen only to the job that the client has seen, with If-Match', async () => {
    const job = await submit()
    const { headers } = await api.request('GET', `/v1/jobs/${job.id}`)
    const etag = String(headers.etag)
    const refused = await act(job.id, 'pause', undefined, { 'if-match': '"other", W/"weak"' })
    expect([refused.statusCode, refused.json().code]).toEqual([412, 'precondition_failed'])
    expect((await act(job.id, 'pause', undefined, { 'if-match': `W/${etag}` })).statusCode).toBe(412)
    expect((await act(job.id, 'pause', undefined, { 'if-match': `"x", ${etag}` })).json().state).toBe('paused')
    expect((await act(job.id, 'resume', undefined, { 'if-match': etag })).statusCode).toBe(412)
    expect((await act(job.id, 'resume', undefined, { 'if-match': '*' })).json().state).toBe('queued')
  })

  it('a retry goes on from the last checkpoint, with the curves up to there', async () => {
    const job = await submit({ max_runtime_s: 60, priority: 3, name: 'first' })
    const run = await claim(job)
    const points = [1, 2, 3].map((step) => ({ name: 'train/loss', step, value: 1 / step }))
    // A series that begins after the checkpoint takes no number in the new run.
    await runFlush.flush(api.database.workerSql, run, { ttlMs: 60_000, points: [{ name: 'late', step: 3, value: 9 }, ...points] })
    const checkpoint = {
      id: newUuid(),
      kind: 'periodic',
      step: 2,
      epoch: 1,
      objectKey: `c/${run.runId}`,
      bytes: 1,
      sha256: 'ab'.repeat(32),
      metrics: {},
    } as const
    await runState.recordCheckpoint(api.database.workerSql, run, checkpoint)
    await runState.fail(api.database.workerSql, run, FAILURE)
    const retried = (await act(job.id, 'retry', { max_runtime_s: 120 })).json<Job>()
    expect(retried).toMatchObject({
      retry_of: job.id,
      state: 'queued',
      name: 'first',
      priority: 3,
      max_runtime_s: 120,
      progress: { step: 2 },
    })
    expect(retried.metrics).toEqual({ 'train/loss': 0.5 })
    const series = (await api.request('GET', `/v1/runs/${retried.run_ids[0]}/metrics`)).json().series
    expect(series.map(({ name, points: p }: { name: string; points: { step: number }[] }) => [name, p.map(({ step }) => step)])).toEqual([
      ['train/loss', [1, 2]],
    ])
    const next = await claim(retried)
    expect(next.checkpoints.map(({ id }) => id)).toEqual([checkpoint.id])
    expect(next.runtimeMsLeft).toBe(120_000)
    // What it replays and what follows fits behind the curve that it took over.
    const more = await runFlush.flush(api.database.workerSql, next, {
      ttlMs: 60_000,
      points: [...points, { name: 'late', step: 3, value: 9 }],
    })
    expect(more).toMatchObject({ inserted: 2, differing: 0 })
    // Without a checkpoint of its own it passes on the one that it was given.
    await runState.fail(api.database.workerSql, next, FAILURE)
    const again = (await act(retried.id, 'retry')).json<Job>()
    expect((await claim(again)).checkpoints.map(({ id }) => id)).toEqual([checkpoint.id])
    const anew = (await act(retried.id, 'retry', { resume: false, max_runtime_s: null })).json<Job>()
    expect(anew).toMatchObject({ max_runtime_s: null, progress: { step: 0 }, metrics: {} })
    expect((await claim(anew)).checkpoints).toEqual([])
  })

  it('a preparation and a prediction are not retried', async () => {
    const prediction = await api.database.withProject(api.project.id, async (tx) => {
      const config = { kind: 'predict' as const, checkpoint_id: newUuid(), inputs: [0], top_k: 1 }
      return jobs.submit(tx, { projectId: api.project.id, kind: 'predict', name: null, config, runs: [config] })
    })
    const id = toWireId('job', prediction.id)
    await act(id, 'cancel')
    expect(await get(id)).toMatchObject({ state: 'cancelled', allowed_actions: [] })
    expect((await act(id, 'retry')).statusCode).toBe(409)
  })

  it('attempts say who, from where, how and why', async () => {
    const job = await submit()
    await runState.crash(api.database.workerSql, await claim(job), 'The trainer was killed by SIGSEGV.')
    await runState.release(api.database.workerSql, await claim(job), 'preempt')
    await claim(job)
    const { data } = (await api.request('GET', `/v1/runs/${job.run_ids[0]}/attempts?order=asc`)).json()
    expect(data).toMatchObject([
      {
        object: 'attempt',
        number: 1,
        worker: 'w',
        outcome: 'crashed',
        reason: 'The trainer was killed by SIGSEGV.',
        first_step: 0,
        last_step: 0,
      },
      { number: 2, outcome: 'preempted', reason: 'The worker is shutting down.' },
      { number: 3, outcome: null, reason: null, ended_at: null },
    ])
    const page = (await api.request('GET', `/v1/runs/${job.run_ids[0]}/attempts?order=asc&limit=1&after=${data[0].id}`)).json()
    expect([page.data[0].number, page.has_more]).toEqual([2, true])
  })

  it.each([
    [{ priority: 101 }, 'priority'],
    [{ max_runtime_s: 0 }, 'max_runtime_s'],
  ])('a submission with %j is refused', async (changes, path) => {
    const response = await api.request('POST', '/v1/jobs', { kind: 'train', dataset: data.datasetId, model: XOR_SPEC, ...changes })
    expect([response.statusCode, response.json().errors[0].path]).toEqual([422, path])
  })
})
