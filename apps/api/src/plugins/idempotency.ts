// The header Idempotency-Key of a POST: which request it belongs to. What is done with it is in http/once.ts.

import { createHash } from 'node:crypto'
import type { IdempotentRequest } from '@trainyard/database'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidRequest } from '../http/parse.ts'
import { principalOf } from './authentication.ts'

declare module 'fastify' {
  interface FastifyRequest {
    idempotency: IdempotentRequest | null
  }
}

const LENGTH_MAX = 255
const KEY = /^[\x21-\x7e]+$/

export function registerIdempotency(app: FastifyInstance): void {
  app.decorateRequest('idempotency', null)
  app.addHook('preHandler', async (request) => {
    const key = request.headers['idempotency-key']
    if (request.method !== 'POST' || request.principal === null || key === undefined) return
    request.idempotency = {
      projectId: principalOf(request).projectId,
      key: checkKey(String(key)),
      operation: `POST ${request.url}`,
      bodyHash: createHash('sha256').update(fingerprint(request)).digest('hex'),
    }
  })
}

/** An upload is not read before its key is looked up: its length stands for it. */
function fingerprint({ body, headers }: FastifyRequest): string {
  return body === undefined ? `length ${headers['content-length'] ?? 'unknown'}` : JSON.stringify(body)
}

function checkKey(key: string): string {
  if (key.length <= LENGTH_MAX && KEY.test(key)) return key
  throw invalidRequest([
    {
      path: 'header.idempotency-key',
      code: 'wrong_format',
      message: `The Idempotency-Key has ${key.length} characters. Expected 1 to ${LENGTH_MAX} printable ASCII characters without spaces.`,
      hint: 'Use a random UUID.',
    },
  ])
}
