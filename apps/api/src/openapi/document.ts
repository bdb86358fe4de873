// The OpenAPI 3.1 document, from the table of routes.

import { problemSchema } from '@trainyard/contracts'
import { ERROR_CODES, ERRORS, type ErrorCode } from '@trainyard/errors'
import type { z } from 'zod'
import type { Route } from '../http/route.ts'
import { errorsOf, exampleOf, renderOperation } from './operation.ts'
import { type JsonSchema, renderSchemas } from './schemas.ts'

const DESCRIPTION = `Trainyard trains neural networks as a service: upload data, submit a model, watch the run, download or use the checkpoint.

Conventions: ids carry the type as a prefix; times are RFC 3339 in UTC; lists page by id with \`after\` and \`before\`; numbers that are not
finite travel as the strings "NaN", "Infinity" and "-Infinity". Every error is a problem document (RFC 9457) that lists all mistakes with path,
code, message and hint. A POST with the header \`Idempotency-Key\` is done at most once within 24 hours; a repetition gets the same response.
What is polled carries an ETag; \`If-None-Match\` answers 304 while nothing has changed.`

const TAGS: Readonly<Record<string, string>> = {
  projects: 'The tenant: everything belongs to one.',
  'api-keys': 'Keys act within one project. They are made with the command line.',
  datasets: 'Named collections of immutable versions.',
  models: 'Architectures: a preset, a list of layers, or a graph of nodes.',
  jobs: 'Work that was submitted: training, evaluation, prediction, preparation of data.',
  runs: 'Executions of jobs: metrics and events.',
  checkpoints: 'Stored states of a training: download them, or predict with them.',
  system: 'Health, metrics and this document.',
}

export function renderOpenapi(routes: readonly Route[], version: string): JsonSchema {
  const sent = routes
    .flatMap(({ params, query, body }) => [params, query, body])
    .filter((schema): schema is z.ZodType => schema !== undefined)
  const returned = routes.flatMap(({ responses }) => Object.values(responses).flatMap(({ schema }) => schema ?? []))
  const table = renderSchemas(sent, [...returned, problemSchema])
  const paths: Record<string, Record<string, JsonSchema>> = {}
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: renderOperation(route, table) }
  return {
    openapi: '3.1.0',
    info: { title: 'Trainyard', version, description: DESCRIPTION, license: { name: 'Proprietary', identifier: 'LicenseRef-Proprietary' } },
    servers: [{ url: '/', description: 'This service.' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: used(table.components, paths),
      examples: Object.fromEntries(codesOf(routes).map((code) => [code, { summary: ERRORS[code].title, value: exampleOf(code) }])),
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          description: 'Makes the request safe to repeat: it is done once, and every repetition within 24 hours gets the same response.',
          schema: { type: 'string', minLength: 1, maxLength: 255, examples: ['6f1c2b0e-6f3c-4c55-9d55-0f5f7f2c9a11'] },
        },
      },
      securitySchemes: {
        api_key: {
          type: 'http',
          scheme: 'bearer',
          description: 'An API key: ty_…, made with `npm run cli -- keys create --project <id>`.',
        },
      },
    },
  }
}

/** Every code that some operation can answer with. */
function codesOf(routes: readonly Route[]): readonly ErrorCode[] {
  const codes = new Set(routes.flatMap(errorsOf))
  return ERROR_CODES.filter((code) => codes.has(code))
}

/** Components that the paths reach, by name. */
function used(components: Readonly<Record<string, JsonSchema>>, paths: unknown): JsonSchema {
  const names = new Set<string>()
  const visit = (value: unknown) => {
    for (const [, name] of JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
      if (name === undefined || names.has(name)) continue
      names.add(name)
      visit(components[name])
    }
  }
  visit(paths)
  return Object.fromEntries([...names].sort().map((name) => [name, components[name]]))
}
