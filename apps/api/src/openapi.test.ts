// The document: generated, committed, complete, and clean for a linter.

import { readFile } from 'node:fs/promises'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { ERROR_CODES } from '@trainyard/errors'
import { describe, expect, it } from 'vitest'
import { renderOpenapi } from './openapi/document.ts'
import { errorsOf } from './openapi/operation.ts'
import { API_VERSION } from './openapi/version.ts'
import { ROUTES } from './routes.ts'

const document = renderOpenapi(ROUTES, API_VERSION)

describe('the OpenAPI document', () => {
  it('is the one that is committed (npm run generate:openapi)', async () => {
    const committed = await readFile(new URL('../../../docs/generated/openapi.json', import.meta.url), 'utf8')
    expect(JSON.parse(committed)).toEqual(JSON.parse(JSON.stringify(document)))
  })

  it('has no complaint from the linter', async () => {
    const config = await createConfig({ extends: ['recommended'], rules: { 'operation-4xx-response': 'off' } })
    const problems = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'openapi.json', config })
    expect(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`)).toEqual([])
  })

  it.each(ROUTES.map((route) => [route.operationId, route] as const))('%s is described', (_, route) => {
    expect(route.summary.length).toBeGreaterThan(5)
    expect(route.description.endsWith('.')).toBe(true)
    if (route.method === 'POST' && route.body !== undefined && route.streams === undefined) expect(route.bodyExamples).toBeDefined()
    if (route.scope !== null)
      expect(errorsOf(route)).toEqual(expect.arrayContaining(['unauthenticated', 'forbidden', 'rate_limited', 'internal']))
    expect(errorsOf(route).every((code) => ERROR_CODES.includes(code))).toBe(true)
  })

  it('names every operation once', () => {
    expect(new Set(ROUTES.map(({ operationId }) => operationId)).size).toBe(ROUTES.length)
  })
})
