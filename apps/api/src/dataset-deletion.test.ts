// Versions that are deleted, and where their rows have gone.

import { fromWireId, newUuid, prepareOptionsSchema, storedFiles, toWireId } from '@trainyard/contracts'
import { datasetVersions, jobs } from '@trainyard/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { completeJob, type TrainedXor, trainXor, XOR_MANIFEST, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

async function* shard(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('shard')
}

describe('versions of datasets', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startTestApi()
  })
  afterAll(() => api?.stop())

  const pathOf = ({ datasetId, versionId }: Pick<TrainedXor, 'datasetId' | 'versionId'>) =>
    `/v1/datasets/${datasetId}/versions/${versionId}`
  const filesOf = async ({ versionId }: Pick<TrainedXor, 'versionId'>) => {
    const version = await api.database.asWorker((tx) => datasetVersions.find(tx, fromWireId('dataset_version', versionId) ?? ''))
    const keys = version?.manifest ? storedFiles(version.manifest).map(({ key }) => key) : []
    expect(keys.length).toBeGreaterThan(0)
    return keys
  }
  const train = async (versionId: string, training: object) => {
    const body = { kind: 'train', dataset: versionId, model: XOR_SPEC, training }
    return (await api.request('POST', '/v1/jobs', body)).json<{ id: string; run_ids: string[] }>()
  }

  it('are deleted with their files once no run needs them', async () => {
    const xor = await trainXor(api.database, api.storage, api.project.id)
    const files = await filesOf(xor)
    for (const key of files) await api.storage.put(key, shard())
    const job = await train(xor.versionId, { epochs: 1 })
    const refused = await api.request('DELETE', pathOf(xor))
    expect([refused.statusCode, refused.json().detail]).toEqual([409, '1 run that has not ended need this version.'])
    await api.request('POST', `/v1/jobs/${job.id}/cancel`, {})
    const other = { ...xor, datasetId: toWireId('dataset', newUuid()) }
    expect((await api.request('DELETE', pathOf(other))).statusCode).toBe(404)
    expect((await api.request('DELETE', pathOf(xor))).statusCode).toBe(204)
    expect((await api.request('DELETE', pathOf(xor))).statusCode).toBe(404)
    expect((await api.request('GET', pathOf(xor))).statusCode).toBe(404)
    for (const key of files) expect([key, await api.storage.stat(key)]).toEqual([key, null])
    // What was trained on it stays.
    expect((await api.request('GET', `/v1/checkpoints/${xor.checkpointId}`)).statusCode).toBe(200)
    expect((await api.request('POST', '/v1/jobs', { kind: 'train', dataset: xor.versionId, model: XOR_SPEC })).statusCode).toBe(422)
  })

  it('keep shards that another version has in common', async () => {
    const [first, second] = [
      await trainXor(api.database, api.storage, api.project.id),
      await trainXor(api.database, api.storage, api.project.id),
    ]
    const files = await filesOf(first)
    expect(files).toEqual(await filesOf(second))
    for (const key of files) await api.storage.put(key, shard())
    expect((await api.request('DELETE', pathOf(first))).statusCode).toBe(204)
    for (const key of files) expect(await api.storage.stat(key)).toMatchObject({ key })
    expect((await api.request('DELETE', pathOf(second))).statusCode).toBe(204)
    for (const key of files) expect([key, await api.storage.stat(key)]).toEqual([key, null])
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
      {
        dataset_version_id: xor.versionId,
        run_id: xor.trainRunId,
        job_id: xor.trainJobId,
        kind: 'train',
        state: 'succeeded',
        epochs: expect.any(Number),
        seen: null,
      },
    ])
    const [{ epochs }] = await runs('')
    expect((await runs('row=3'))[0].seen).toBe(epochs > 0 ? 'trained' : 'not_seen')
    expect((await runs('row=4'))[0].seen).toBe('not_seen')
    expect((await runs('split=test&row=0'))[0].seen).toBe('evaluated')
  })

  it('tell which runs have seen a row that was there before others were appended', async () => {
    const xor = await trainXor(api.database, api.storage, api.project.id)
    const [first, grown, sibling] = [xor.versionId, await grow(xor), await grow(xor)]
    const job = await train(grown, { epochs: 1 })
    const seenBy = async (versionId: string, row: number) => {
      const { data } = (await api.request('GET', `${pathOf({ ...xor, versionId })}/runs?order=asc&row=${row}`)).json()
      return data.map((run: { dataset_version_id: string; run_id: string }) => [run.dataset_version_id, run.run_id])
    }
    const both = [
      [first, xor.trainRunId],
      [grown, job.run_ids[0]],
    ]
    // The first four rows are in all three versions, the fifth of each is its own.
    for (const version of [first, grown, sibling]) expect(await seenBy(version, 3)).toEqual(both)
    expect(await seenBy(grown, 4)).toEqual([both[1]])
    expect(await seenBy(sibling, 4)).toEqual([])
    await api.request('POST', `/v1/jobs/${job.id}/cancel`, {})
  })

  /** A version with a fifth row. @returns its id */
  async function grow(xor: TrainedXor): Promise<string> {
    const id = newUuid()
    const projectId = api.project.id
    const datasetId = fromWireId('dataset', xor.datasetId) ?? ''
    const config = {
      kind: 'prepare' as const,
      dataset_version_id: id,
      sources: [{ role: 'file' as const, key: `uploads/${id}/file`, file_name: 'more.csv', bytes: 1 }],
      options: prepareOptionsSchema.parse({}),
    }
    const jobId = await api.database.withProject(projectId, async (tx) => {
      const job = await jobs.submit(tx, { projectId, kind: 'prepare', name: null, config, runs: [config] })
      const base = { id: fromWireId('dataset_version', xor.versionId) ?? '', keys: [] }
      await datasetVersions.create(tx, { id, projectId, datasetId, jobId: job.id, base, uploads: [] })
      return job.id
    })
    const split = XOR_MANIFEST.splits.train
    if (split === undefined) throw new Error('XOR has no training split')
    const manifest = { ...XOR_MANIFEST, splits: { train: { ...split, rows: 5 } } }
    await completeJob(api.database, jobId, { kind: 'prepare', rows: 5, digest: manifest.digest }, { manifest })
    return toWireId('dataset_version', id)
  }
})
