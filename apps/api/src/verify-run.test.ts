import { type Job, newUuid, toWireId } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeJob, type TrainedXor, trainXor } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

describe('POST /v1/runs/{run_id}/verify', () => {
  let api: TestApi
  let trained: TrainedXor

  beforeAll(async () => {
    api = await startTestApi()
    trained = await trainXor(api.database, api.storage, api.project.id)
  })
  afterAll(() => api?.stop())

  const verify = (runId: string, body: object = {}) => api.request('POST', `/v1/runs/${runId}/verify`, body)

  it('queues a job that replays up to the newest checkpoint, and shows what it found', async () => {
    const response = await verify(trained.trainRunId)
    expect(response.statusCode).toBe(201)
    const job = response.json<Job>()
    expect(job).toMatchObject({ kind: 'verify', state: 'queued', terminal: false })
    const [row] = await api.database.workerSql.query<{ id: string; config: Record<string, unknown> }>(
      "SELECT job_id AS id, config FROM runs WHERE kind = 'verify'",
      [],
    )
    expect(row?.config).toMatchObject({ checkpoint_id: null, target_checkpoint_id: expect.any(String) })
    const digest = 'b'.repeat(64)
    const result = {
      kind: 'verify' as const,
      run_id: trained.trainRunId,
      from_step: 0,
      to_step: 10,
      equal: true,
      sha256: digest,
      expected_sha256: digest,
      same_fingerprint: true,
      fingerprint: 'engine',
      expected_fingerprint: 'engine',
      seconds: 1,
    }
    await completeJob(api.database, row?.id ?? '', result)
    expect((await api.request('GET', `/v1/jobs/${job.id}`)).json<Job>()).toMatchObject({ state: 'succeeded', result })
  })

  it('takes the checkpoints of this run only, in the order of their steps', async () => {
    const unknown = await verify(trained.trainRunId, { from_checkpoint_id: toWireId('checkpoint', newUuid()) })
    expect(unknown.statusCode).toBe(422)
    expect(unknown.json().errors).toMatchObject([{ path: 'from_checkpoint_id', code: 'unknown_checkpoint' }])
    const same = { from_checkpoint_id: trained.checkpointId, to_checkpoint_id: trained.checkpointId }
    expect((await verify(trained.trainRunId, same)).json().errors).toMatchObject([{ path: 'from_checkpoint_id', code: 'not_before' }])
  })

  it('refuses a run that trains nothing', async () => {
    const response = await verify(trained.runId)
    expect(response.statusCode).toBe(409)
    expect(response.json().detail).toContain('"prepare"')
  })
})
