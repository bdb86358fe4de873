// The documentation page at /docs, with its script from this server: no network is needed to read it.

import apiReference from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { renderOpenapi } from '../openapi/document.ts'
import { API_VERSION } from '../openapi/version.ts'
import { ROUTES } from '../routes.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The OpenAPI document as JSON. */
    openapiText: string
  }
}

export async function registerDocs(app: FastifyInstance): Promise<void> {
  app.decorate('openapiText', JSON.stringify(renderOpenapi(ROUTES, API_VERSION)))
  await app.register(apiReference, {
    routePrefix: '/docs',
    configuration: { url: '/openapi.json', pageTitle: 'Trainyard API', withDefaultFonts: false, telemetry: false, hideClientButton: true },
  })
}
