// Requests per API key, with the headers of the IETF draft "RateLimit header fields for HTTP" (draft-ietf-httpapi-ratelimit-headers-10).

import rateLimit from '@fastify/rate-limit'
import { TrainyardError } from '@trainyard/errors'
import type { FastifyInstance } from 'fastify'
import type { ApiLimits } from '../deps.ts'

const POLICY = 'key'

export async function registerRateLimit(app: FastifyInstance, { requestsPerWindow, requestWindowMs }: ApiLimits): Promise<void> {
  await app.register(rateLimit, { global: false })
  const check = app.createRateLimit({
    max: requestsPerWindow,
    timeWindow: requestWindowMs,
    keyGenerator: (request) => request.principal?.apiKeyId ?? request.ip,
  })
  const policy = `"${POLICY}";q=${requestsPerWindow};w=${Math.ceil(requestWindowMs / 1000)}`
  app.addHook('onRequest', async (request, reply) => {
    if (request.principal === null) return
    const result = await check(request)
    if (result.isAllowed) return
    reply.header('ratelimit-policy', policy)
    reply.header('ratelimit', `"${POLICY}";r=${Math.max(0, result.remaining)};t=${result.ttlInSeconds}`)
    if (!result.isExceeded) return
    reply.header('retry-after', String(result.ttlInSeconds))
    throw new TrainyardError('rate_limited', {
      detail: `The API key made more than ${result.max} requests in ${result.timeWindow / 1000} s.`,
    })
  })
}
