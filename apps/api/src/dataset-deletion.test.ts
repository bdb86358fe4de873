// Versions that are deleted, and where their rows have gone.

import { newUuid, toWireId } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TrainedXor, trainXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

describe('versions of datasets', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(() => api?.stop())

  const pathOf = ({ datasetId, versionId }: Pick<TrainedXor, 'datasetId' | 'versionId'>) =>
    `/v1/datasets/${datasetId}/versions/${versionId}`
  const train = async (versionId: string, training: object) => {
    const body = { kind: 'train', dataset: versionId, model: XOR_SPEC, training }
    return (await api.request('POST', '/v1/jobs', body)).json<{ id: string; runs: { id: string }[] }>()
  }

  it('are deleted with their files once no run needs them', async () => {
    const xor = await trainXor(api.database, api.storage, api.project.id)
    const before = await api.listFiles()
    await api.storage.put('datasets/x/train.safetensors', [Buffer.from('shard')] as unknown as AsyncIterable<Uint8Array>)
    const job = await train(xor.versionId, { epochs: 1 })
    const refused = await api.request('DELETE', pathOf(xor))
    expect([refused.statusCode, refused.json().detail]).toEqual([409, '1 run that has not ended need this version.'])
    await api.request('POST', `/v1/jobs/${job.id}/cancel`, {})
    const other = { ...xor, datasetId: toWireId('dataset', newUuid()) }
    expect((await api.request('DELETE', pathOf(other))).statusCode).toBe(404)
    expect((await api.request('DELETE', pathOf(xor))).statusCode).toBe(204)
    expect((await api.request('DELETE', pathOf(xor))).statusCode).toBe(404)
    expect((await api.request('GET', pathOf(xor))).statusCode).toBe(404)
    expect(await api.listFiles()).toEqual(before)
    // What was trained on it stays.
    expect((await api.request('GET', `/v1/checkpoints/${xor.checkpointId}`)).statusCode).toBe(200)
    expect((await api.request('POST', '/v1/jobs', { kind: 'train', dataset: xor.versionId, model: XOR_SPEC })).statusCode).toBe(422)
  })

  it('keep shards that another version has in common', async () => {
    const [first, second] = [
      await trainXor(api.database, api.storage, api.project.id),
      await trainXor(api.database, api.storage, api.project.id),
    ]
    await api.storage.put('datasets/x/train.safetensors', [Buffer.from('shard')] as unknown as AsyncIterable<Uint8Array>)
    expect((await api.request('DELETE', pathOf(first))).statusCode).toBe(204)
    expect(await api.storage.stat('datasets/x/train.safetensors')).not.toBeNull()
    expect((await api.request('DELETE', pathOf(second))).statusCode).toBe(204)
    expect(await api.storage.stat('datasets/x/train.safetensors')).toBeNull()
  })

  it('are deleted or used, not both, when both are asked for at once', async () => {
    for (let i = 0; i < 10; i++) {
      const xor = await trainXor(api.database, api.storage, api.project.id)
      const body = { kind: 'train', dataset: xor.versionId, model: XOR_SPEC }
      const [deleted, submitted] = await Promise.all([api.request('DELETE', pathOf(xor)), api.request('POST', '/v1/jobs', body)])
      expect([deleted.statusCode, submitted.statusCode]).toEqual(deleted.statusCode === 204 ? [204, 422] : [409, 201])
    }
  })

  it('tell which runs have seen a row', async () => {
    const xor = await trainXor(api.database, api.storage, api.project.id)
    const runs = async (query: string) => (await api.request('GET', `${pathOf(xor)}/runs?order=asc&${query}`)).json().data
    expect(await runs('')).toEqual([
      { run_id: xor.trainRunId, job_id: xor.trainJobId, kind: 'train', state: 'succeeded', epochs: expect.any(Number), seen: null },
    ])
    const [{ epochs }] = await runs('')
    expect((await runs('row=3'))[0].seen).toBe(epochs > 0 ? 'trained' : 'not_seen')
    expect((await runs('row=4'))[0].seen).toBe('not_seen')
    expect((await runs('split=test&row=0'))[0].seen).toBe('evaluated')
  })
})
