// Who may ask what, over the whole table of routes: keys, scopes, and the other project's ids.

import { newUuid, toWireId } from '@trainyard/contracts'
import { apiKeys } from '@trainyard/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Route } from './http/route.ts'
import { ROUTES } from './routes.ts'
import { type TrainedXor, trainXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const guarded = ROUTES.filter(({ scope }) => scope !== null)
const withIds = guarded.filter(({ path }) => path.includes('{'))

/** operationId → the path with the ids of a project. A route with an id must have a row here. */
const PATHS: Readonly<Record<string, (ids: Ids) => string>> = {
  getProject: ({ project }) => `/v1/projects/${project}`,
  getDataset: ({ datasetId }) => `/v1/datasets/${datasetId}`,
  createDatasetVersion: ({ datasetId }) => `/v1/datasets/${datasetId}/versions`,
  importDatasetVersion: ({ datasetId }) => `/v1/datasets/${datasetId}/versions/import`,
  appendDatasetVersion: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/append`,
  appendImport: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/append/import`,
  // With itself: a base is one more id.
  diffDatasetVersion: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/diff?base=${versionId}`,
  listDiffRows: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/diff/rows?base=${versionId}&change=added`,
  listVersionRuns: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/runs`,
  deleteDatasetVersion: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}`,
  getUpload: ({ uploadId }) => `/v1/uploads/${uploadId}`,
  putUploadPart: ({ uploadId }) => `/v1/uploads/${uploadId}/parts/1`,
  putUploadContent: ({ uploadId }) => `/v1/uploads/${uploadId}/content`,
  createPartUrl: ({ uploadId }) => `/v1/uploads/${uploadId}/parts/1/url`,
  completeUpload: ({ uploadId }) => `/v1/uploads/${uploadId}/complete`,
  deleteUpload: ({ uploadId }) => `/v1/uploads/${uploadId}`,
  listDatasetVersions: ({ datasetId }) => `/v1/datasets/${datasetId}/versions`,
  getDatasetVersion: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}`,
  getDatasetReport: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/report`,
  getDatasetProfile: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/profile`,
  downloadQuarantine: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/quarantine`,
  previewDatasetVersion: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/preview`,
  getContactSheet: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/contact-sheet`,
  previewAugmentation: ({ datasetId, versionId }) => `/v1/datasets/${datasetId}/versions/${versionId}/augmentation-preview`,
  getModel: ({ model }) => `/v1/models/${model}`,
  getJob: ({ jobId }) => `/v1/jobs/${jobId}`,
  cancelJob: ({ jobId }) => `/v1/jobs/${jobId}/cancel`,
  pauseJob: ({ openJobId }) => `/v1/jobs/${openJobId}/pause`,
  resumeJob: ({ openJobId }) => `/v1/jobs/${openJobId}/resume`,
  retryJob: ({ endedJobId }) => `/v1/jobs/${endedJobId}/retry`,
  listJobEvents: ({ jobId }) => `/v1/jobs/${jobId}/events`,
  getRun: ({ runId }) => `/v1/runs/${runId}`,
  getRunMetrics: ({ runId }) => `/v1/runs/${runId}/metrics`,
  listRunAttempts: ({ runId }) => `/v1/runs/${runId}/attempts`,
  listRunEvents: ({ runId }) => `/v1/runs/${runId}/events`,
  verifyRun: ({ trainRunId }) => `/v1/runs/${trainRunId}/verify`,
  getCheckpoint: ({ checkpointId }) => `/v1/checkpoints/${checkpointId}`,
  downloadCheckpoint: ({ checkpointId }) => `/v1/checkpoints/${checkpointId}/download`,
  predict: ({ checkpointId }) => `/v1/checkpoints/${checkpointId}/predict`,
  predictImages: ({ checkpointId }) => `/v1/checkpoints/${checkpointId}/predict/images`,
}

const BODIES: Readonly<Record<string, unknown>> = {
  predict: { inputs: [[0, 1]] },
  previewAugmentation: { augmentation: [] },
  cancelJob: {},
  pauseJob: {},
  resumeJob: {},
  retryJob: {},
  importDatasetVersion: { sources: { file: { url: 'https://example.org/x.csv' } } },
  appendImport: { sources: { file: { url: 'https://example.org/x.csv' } } },
  verifyRun: {},
}

type Ids = Pick<TrainedXor, 'datasetId' | 'versionId' | 'jobId' | 'runId' | 'trainRunId' | 'checkpointId'> & {
  readonly openJobId: string
  readonly endedJobId: string
  readonly model: string
  readonly project: string
  readonly uploadId: string
}

const MISSING: Ids = {
  project: toWireId('project', newUuid()),
  datasetId: toWireId('dataset', newUuid()),
  versionId: toWireId('dataset_version', newUuid()),
  jobId: toWireId('job', newUuid()),
  openJobId: toWireId('job', newUuid()),
  endedJobId: toWireId('job', newUuid()),
  runId: toWireId('run', newUuid()),
  trainRunId: toWireId('run', newUuid()),
  checkpointId: toWireId('checkpoint', newUuid()),
  model: toWireId('model', newUuid()),
  uploadId: toWireId('upload', newUuid()),
}

describe('authorization', () => {
  let api: TestApi
  let theirs: Ids
  beforeAll(async () => {
    api = await startTestApi({ predictWaitMs: 0 })
    const created = await api.request(
      'POST',
      '/v1/models',
      { name: 'theirs', spec: XOR_SPEC },
      { authorization: `Bearer ${api.other.key}` },
    )
    const trained = await trainXor(api.database, api.storage, api.other.id)
    const submit = async () => {
      const body = { kind: 'train', dataset: trained.datasetId, model: XOR_SPEC }
      return (await api.request('POST', '/v1/jobs', body, { authorization: `Bearer ${api.other.key}` })).json<{ id: string }>().id
    }
    const [openJobId, endedJobId] = [await submit(), await submit()]
    await api.request('POST', `/v1/jobs/${endedJobId}/cancel`, {}, { authorization: `Bearer ${api.other.key}` })
    const begun = await api.request('POST', '/v1/uploads', { file_name: 'x', bytes: 1 }, { authorization: `Bearer ${api.other.key}` })
    theirs = {
      ...trained,
      openJobId,
      endedJobId,
      model: created.json<{ id: string }>().id,
      project: api.other.wireId,
      uploadId: begun.json<{ id: string }>().id,
    }
  })
  afterAll(() => api?.stop())

  const url = ({ path }: Route) => path.replaceAll(/\{\w+\}/g, 'x')
  const ask = (route: Route, authorization: string | undefined) =>
    api.app.inject({ method: route.method, url: url(route), headers: authorization === undefined ? {} : { authorization } })

  it.each(guarded.map((route) => [route.operationId, route] as const))('%s refuses every key but a valid one', async (_, route) => {
    const revoked = await api.createKey(api.project.id)
    await api.database.asWorker((tx) => apiKeys.revoke(tx, revoked.id))
    const expired = await api.createKey(api.project.id, { expiresAt: new Date(Date.now() - 1000) })
    const unknown = `ty_${'0'.repeat(40)}0000000`
    const headers = [
      undefined,
      '',
      'Bearer',
      'Bearer nonsense',
      `Basic ${api.project.key}`,
      ...[unknown, revoked.key, expired.key].map((k) => `Bearer ${k}`),
    ]
    for (const header of headers) {
      const response = await ask(route, header)
      expect([header, response.statusCode, response.json().code]).toEqual([header, 401, 'unauthenticated'])
      expect(response.headers['www-authenticate']).toBe('Bearer')
    }
    const narrow = await api.createKey(api.project.id, { scopes: [route.scope === 'read' ? 'write' : 'read'] })
    const forbidden = await ask(route, `Bearer ${narrow.key}`)
    expect([forbidden.statusCode, forbidden.json().code]).toEqual([403, 'forbidden'])
  })

  it('knows a path for every route that takes an id', () => {
    expect(withIds.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(PATHS).sort())
  })

  it.each(withIds.map((route) => [route.operationId, route] as const))(
    "%s answers the other project's ids as missing ones",
    async (name, route) => {
      const pathOf = PATHS[name]
      if (pathOf === undefined) throw new Error(`no path for ${name}`)
      const answers = await Promise.all(
        [theirs, MISSING].map(async (ids) => {
          const path = pathOf(ids)
          const response = await api.request(route.method, path, route.streams === undefined ? BODIES[name] : undefined)
          const { request_id: _, detail, ...problem } = response.json()
          const known = path.split('/').reduce((text: string, part) => (part.length > 20 ? text.replaceAll(part, 'ID') : text), detail)
          return { ...problem, detail: known, status: response.statusCode, headers: Object.keys(response.headers).sort() }
        }),
      )
      expect(answers[0]).toMatchObject({ status: 404, code: 'not_found' })
      expect(answers[0]).toEqual(answers[1])
      const own = await api.request(route.method, pathOf(theirs), BODIES[name], { authorization: `Bearer ${api.other.key}` })
      // A stream is not in this table, and a conflict is about the state of what was found.
      expect(own.statusCode === 415 ? route.streams !== undefined : own.statusCode < 300 || own.statusCode === 409).toBe(true)
    },
  )

  it.each(['dataset', 'model', 'transfer'])('a submission cannot refer to a %s of the other project', async (part) => {
    const issuesFor = async (ids: Ids) => {
      const body = {
        kind: 'train',
        dataset: part === 'dataset' ? ids.datasetId : MISSING.datasetId,
        model: part === 'model' ? ids.model : XOR_SPEC,
        ...(part === 'transfer' ? { transfer: { checkpoint_id: ids.checkpointId } } : {}),
      }
      const response = await api.request('POST', '/v1/jobs', body)
      return JSON.stringify(response.json().errors).replaceAll(/(ds|mdl|ckpt)_\w{26}/g, 'ID')
    }
    expect(await issuesFor(theirs)).toBe(await issuesFor(MISSING))
    expect(await issuesFor(theirs)).toContain('not_found')
  })

  it('lists hold nothing of the other project', async () => {
    for (const path of ['/v1/datasets', '/v1/models', '/v1/jobs', '/v1/checkpoints', `/v1/checkpoints?run_id=${theirs.runId}`]) {
      expect([path, (await api.request('GET', path)).json().data]).toEqual([path, []])
    }
    const keys = (await api.request('GET', '/v1/api-keys?limit=500')).json()
    expect(keys.data.length).toBeLessThanOrEqual(100)
    expect(keys.data.map((key: { prefix: string }) => key.prefix)).not.toContain(api.other.key.slice(0, 11))
  })
})
