// The OpenAPI document, and the page at /docs that shows it with a script from this server: no network is needed to read it. The page's
// library holds its script in memory (50 MB), so that it is loaded with the first visit.

import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { renderOpenapi } from '../openapi/document.ts'
import { API_VERSION } from '../openapi/version.ts'
import { ROUTES } from '../routes.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The OpenAPI document as JSON. */
    openapiText: string
  }
}

const CONFIGURATION = {
  url: '/openapi.json',
  pageTitle: 'Trainyard API',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  // These would send what a reader types to somebody else's servers.
  agent: { disabled: true },
  mcp: { disabled: true },
  showDeveloperTools: 'never',
} as const

export function registerDocs(app: FastifyInstance): void {
  app.decorate('openapiText', JSON.stringify(renderOpenapi(ROUTES, API_VERSION)))
  let pages: Promise<FastifyInstance> | null = null
  const show = async (request: FastifyRequest, reply: FastifyReply) => {
    pages ??= openPages()
    const { statusCode, headers, rawPayload } = await (await pages).inject(request.url)
    return reply
      .code(statusCode)
      .headers({ 'content-type': headers['content-type'], ...redirectOf(headers) })
      .send(rawPayload)
  }
  for (const url of ['/docs', '/docs/', '/docs/js/scalar.js']) app.get(url, show)
  app.addHook('onClose', async () => (await pages)?.close())
}

function redirectOf({ location }: { location?: string | undefined }) {
  return location === undefined ? {} : { location }
}

async function openPages(): Promise<FastifyInstance> {
  const { default: apiReference } = await import('@scalar/fastify-api-reference')
  const pages: FastifyInstance = fastify()
  await pages.register(apiReference, { routePrefix: '/docs', configuration: CONFIGURATION })
  return pages
}
