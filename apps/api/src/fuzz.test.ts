// Whatever is sent to whatever operation: never a 5xx, and every error a problem document.

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TAKES_BODY } from './http/route.ts'
import { ROUTES } from './routes.ts'
import { type TrainedXor, trainXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const RUNS = 400

describe('a fuzz of every operation', () => {
  let api: TestApi
  let xor: TrainedXor
  beforeAll(async () => {
    api = await startTestApi({ predictWaitMs: 0 })
    xor = await trainXor(api.database, api.storage, api.project.id)
  })
  afterAll(() => api?.stop())

  it('gives no 5xx', async () => {
    const ids = [xor.datasetId, xor.versionId, xor.trainJobId, xor.trainRunId, xor.checkpointId]
    const id = fc.oneof(fc.constantFrom(...ids), fc.string(), fc.constantFrom('..', '%00', 'ds_', '__proto__', "' OR 1=1 --"))
    const valid = {
      kind: 'train',
      name: 'f',
      dataset: xor.datasetId,
      model: XOR_SPEC,
      spec: XOR_SPEC,
      training: { epochs: 1 },
      checkpoint_id: xor.checkpointId,
      inputs: [[0, 1]],
    }
    const junk = fc.jsonValue({ maxDepth: 4 })
    const body = fc.oneof(
      junk,
      fc.record(
        {
          ...Object.fromEntries(
            Object.entries(valid).map(([k, v]) => [k, fc.oneof({ weight: 3, arbitrary: fc.constant(v) }, { weight: 1, arbitrary: junk })]),
          ),
        } as Record<string, fc.Arbitrary<unknown>>,
        { requiredKeys: [] },
      ),
    )
    const query = fc.dictionary(
      fc.constantFrom('limit', 'after', 'before', 'order', 'names', 'after_step', 'max_points', 'after_seq', 'validate_only', 'x'),
      fc.oneof(id, fc.integer().map(String)),
    )
    const route = fc.constantFrom(...ROUTES.filter(({ streams }) => streams === undefined))
    await fc.assert(
      fc.asyncProperty(route, id, body, query, async ({ method, path }, pathId, payload, search) => {
        const url = `${path.replaceAll(/\{\w+\}/g, encodeURIComponent(pathId))}?${new URLSearchParams(search)}`
        const response = await api.request(method, url, TAKES_BODY[method] ? (payload ?? null) : undefined)
        expect([url, response.statusCode < 500]).toEqual([url, true])
        if (response.statusCode >= 400) expect(response.headers['content-type']).toBe('application/problem+json')
      }),
      { numRuns: RUNS, seed: 20261123 },
    )
  })
})
