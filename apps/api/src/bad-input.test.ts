// Bad input of any kind: a problem document with every mistake, and nothing changed.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareXor, XOR_SPEC } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

interface Row {
  readonly what: string
  readonly method?: 'GET' | 'POST'
  readonly url: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly status: number
  readonly code: string
  /** `path code` of every mistake. */
  readonly errors?: readonly string[]
}

const DATASET = 'DATASET'
const train = (rest: object) => ({ kind: 'train', dataset: DATASET, model: XOR_SPEC, ...rest })
const json = { 'content-type': 'application/json' }
const MISSING = 'job_00000000000000000000000000'

/** Two classes for XOR, and five for nobody. */
const TWO_HEADS = {
  version: 1,
  inputs: { x: { shape: [2] } },
  nodes: [
    { type: 'dense', id: 'wide', units: 5, inputs: ['x'] },
    { type: 'dense', id: 'fitting', units: 2, inputs: ['x'] },
  ],
  outputs: ['wide', 'fitting'],
}

const ROWS: readonly Row[] = [
  { what: 'an unknown path', method: 'GET', url: '/v2/jobs', status: 404, code: 'not_found' },
  { what: 'a path that is no URL', method: 'GET', url: '/v1/jobs/%E0%A4%A', status: 404, code: 'not_found' },
  { what: 'a method that is not allowed', url: '/v1/project', body: {}, status: 405, code: 'method_not_allowed' },
  { what: 'a malformed id', method: 'GET', url: '/v1/jobs/17', status: 404, code: 'not_found' },
  { what: 'a path in an id', method: 'GET', url: '/v1/jobs/..%2F..%2Fetc%2Fpasswd', status: 404, code: 'not_found' },
  { what: 'the id of another kind', method: 'GET', url: `/v1/runs/${MISSING}`, status: 404, code: 'not_found' },
  {
    what: 'two mistakes in a query',
    method: 'GET',
    url: '/v1/jobs?limit=many&stat=queued',
    status: 422,
    code: 'invalid_request',
    errors: ['query.limit wrong_type', 'query.stat unknown_key'],
  },
  {
    what: 'a query where there is none',
    method: 'GET',
    url: '/v1/project?a=1',
    status: 422,
    code: 'invalid_request',
    errors: ['query.a unknown_key'],
  },
  {
    what: 'a limit below one',
    method: 'GET',
    url: '/v1/jobs?limit=0',
    status: 422,
    code: 'invalid_request',
    errors: ['query.limit too_small'],
  },
  {
    what: 'an unknown state',
    method: 'GET',
    url: '/v1/jobs?state=done',
    status: 422,
    code: 'invalid_request',
    errors: ['query.state unknown_value'],
  },
  {
    what: 'a cursor of another kind',
    method: 'GET',
    url: '/v1/jobs?after=run_1',
    status: 422,
    code: 'invalid_request',
    errors: ['query.after wrong_format'],
  },
  { what: 'text that is no JSON', url: '/v1/datasets', body: '{"name": ', status: 400, code: 'malformed_json' },
  {
    what: '__proto__ in JSON',
    url: '/v1/datasets',
    body: '{"name": "a", "__proto__": {"polluted": 1}}',
    status: 400,
    code: 'malformed_json',
  },
  {
    what: 'constructor.prototype in JSON',
    url: '/v1/datasets',
    body: '{"name": "a", "constructor": {"prototype": {}}}',
    status: 400,
    code: 'malformed_json',
  },
  { what: 'deep nesting', url: '/v1/datasets', body: `{"name": ${'['.repeat(100_000)}`, status: 400, code: 'malformed_json' },
  {
    what: 'a body that is too large',
    url: '/v1/datasets',
    body: JSON.stringify({ name: 'a'.repeat(3_000_000) }),
    status: 413,
    code: 'payload_too_large',
  },
  {
    what: 'an odd content type',
    url: '/v1/datasets',
    body: 'name=a',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'unsupported_media_type',
  },
  { what: 'XML', url: '/v1/jobs', body: '<a/>', headers: { 'content-type': 'text/xml' }, status: 415, code: 'unsupported_media_type' },
  { what: 'JSON where files belong', url: '/v1/datasets/DATASET/versions', body: {}, status: 415, code: 'unsupported_media_type' },
  { what: 'no body', url: '/v1/datasets', headers: json, status: 422, code: 'invalid_request', errors: [' missing'] },
  { what: 'a list as body', url: '/v1/datasets', body: [], status: 422, code: 'invalid_request', errors: [' wrong_type'] },
  {
    what: 'mass assignment',
    url: '/v1/datasets',
    body: { name: 'a', project_id: 'prj_1', state: 'ready', epoch: 1 },
    status: 422,
    code: 'invalid_request',
    errors: ['project_id unknown_key', 'state unknown_key', 'epoch unknown_key'],
  },
  {
    what: 'a name that is too long',
    url: '/v1/datasets',
    body: { name: 'a'.repeat(201) },
    status: 422,
    code: 'invalid_request',
    errors: ['name too_large'],
  },
  {
    what: 'a bad model',
    url: '/v1/models',
    body: { name: 'a', spec: { version: 1, input: { shape: [2] }, layers: [{ type: 'dense' }, { type: 'tanhh' }] } },
    status: 422,
    code: 'invalid_model',
    errors: ['spec.layers[0].units missing', 'spec.layers[1].type unknown_type'],
  },
  { what: 'no specification', url: '/v1/models/validate', body: {}, status: 422, code: 'invalid_model', errors: ['spec missing'] },
  {
    what: 'a model of 10^12 parameters',
    url: '/v1/models/validate',
    body: { spec: { version: 1, input: { shape: [1_000_000] }, layers: [{ type: 'dense', units: 1_000_000 }] } },
    status: 422,
    code: 'invalid_model',
    errors: ['spec.layers[0] too_many_parameters'],
  },
  { what: 'a submission without a kind', url: '/v1/jobs', body: {}, status: 422, code: 'invalid_request', errors: ['kind missing'] },
  {
    what: 'an unknown kind',
    url: '/v1/jobs',
    body: { kind: 'trian' },
    status: 422,
    code: 'invalid_request',
    errors: ['kind unknown_type'],
  },
  {
    what: 'mistakes everywhere in a submission',
    url: '/v1/jobs',
    body: { kind: 'train', nmae: 'x', dataset: 'ds_1', model: { version: 1, preset: { name: 'lenet' } }, training: { epochs: -1, lr: 1 } },
    status: 422,
    code: 'invalid_request',
    errors: [
      'dataset wrong_format',
      'nmae unknown_key',
      'model.preset.name unknown_preset',
      'training.epochs too_small',
      'training.lr unknown_key',
    ],
  },
  {
    what: 'a model that does not fit the data',
    url: '/v1/jobs',
    body: train({ model: { version: 1, preset: { name: 'lenet5' } } }),
    status: 422,
    code: 'invalid_model',
    errors: ['model.preset.options input_shape_mismatch', 'model.preset.options wrong_output_width'],
  },
  {
    what: 'a split that the data does not have, and a loss for values',
    url: '/v1/jobs',
    body: train({ training: { evaluate: { split: 'validation' }, loss: { type: 'squared_error' } } }),
    status: 422,
    code: 'invalid_training',
    errors: ['training.loss.type loss_target_mismatch', 'training.evaluate.split unknown_split'],
  },
  {
    what: 'a model of two outputs without saying which',
    url: '/v1/jobs',
    body: train({ model: TWO_HEADS }),
    status: 422,
    code: 'invalid_training',
    errors: ['training.output missing_output'],
  },
  {
    what: 'an output that does not fit the data, beside one that would',
    url: '/v1/jobs',
    body: train({ model: TWO_HEADS, training: { output: 'wide' } }),
    status: 422,
    code: 'invalid_model',
    errors: ['model.nodes[0] wrong_output_width'],
  },
  {
    what: 'a residual block that does not fit its shortcut',
    url: '/v1/models',
    body: { name: 'a', spec: { version: 1, input: { shape: [2] }, layers: [{ type: 'residual', layers: [{ type: 'dense', units: 3 }] }] } },
    status: 422,
    code: 'invalid_model',
    errors: ['spec.layers[0] shortcut_mismatch'],
  },
  {
    what: 'bad training alone',
    url: '/v1/jobs',
    body: train({ training: { batch_size: 0 } }),
    status: 422,
    code: 'invalid_training',
    errors: ['training.batch_size too_small'],
  },
  { what: 'cancelling what is not there', url: `/v1/jobs/${MISSING}/cancel`, status: 404, code: 'not_found' },
  {
    what: 'an Idempotency-Key with spaces',
    url: '/v1/datasets',
    body: { name: 'a' },
    headers: { 'idempotency-key': 'a b' },
    status: 422,
    code: 'invalid_request',
    errors: ['header.idempotency-key wrong_format'],
  },
]

describe('requirements 25 and 26: bad input', () => {
  let api: TestApi
  let datasetId: string
  beforeAll(async () => {
    api = await startTestApi()
    datasetId = (await prepareXor(api.database, api.project.id)).datasetId
  })
  afterAll(() => api?.stop())

  it.each(ROWS.map((row) => [row.what, row] as const))(
    '%s',
    async (_, { method = 'POST', url, body, headers, status, code, errors = [] }) => {
      const before = await api.countRows()
      const filled =
        typeof body === 'string' || body === undefined ? body : JSON.stringify(body).replaceAll(`"${DATASET}"`, `"${datasetId}"`)
      const response = await api.request(method, url.replace(DATASET, datasetId), filled, headers)
      const problem = response.json()
      expect([response.statusCode, problem.code]).toEqual([status, code])
      expect(response.headers['content-type']).toBe('application/problem+json')
      expect(problem).toMatchObject({ status, type: `/errors/${code}`, request_id: response.headers['x-request-id'], retryable: false })
      const issues: { path: string; code: string; message: string; hint: string }[] = problem.errors
      expect(issues.map((issue) => `${issue.path} ${issue.code}`).sort()).toEqual([...errors].sort())
      expect(issues.every(({ message, hint }) => message.length > 10 && hint.length > 5)).toBe(true)
      expect(response.body).not.toMatch(/node_modules|\.ts\b|SELECT|prisma|\bat \w+ \(/i)
      expect(await api.countRows()).toEqual(before)
      expect(Object.prototype).not.toHaveProperty('polluted')
    },
  )

  it('takes a model of two outputs for the one that fits', async () => {
    const body = { kind: 'train', dataset: datasetId, model: TWO_HEADS, training: { output: 'fitting' } }
    const response = await api.request('POST', '/v1/jobs?validate_only=true', body)
    // Two weights and a bias for each of two classes: the other head is not part of the run.
    expect([response.statusCode, response.json().estimate?.parameters]).toEqual([200, 6])
  })

  it('reads a limit above the most as the most', async () => {
    expect((await api.request('GET', '/v1/jobs?limit=5000')).statusCode).toBe(200)
  })

  it('names the methods of a path', async () => {
    const response = await api.app.inject({ method: 'DELETE', url: '/v1/jobs' })
    expect([response.statusCode, response.headers.allow]).toEqual([405, 'POST, GET, HEAD'])
  })
})
