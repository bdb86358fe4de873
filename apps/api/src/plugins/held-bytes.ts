// Bodies that are held in memory, all requests together: JSON until it is answered, and what a storage over the network holds of a stream. What would be
// more is refused before a byte of it is read.

import { finished } from 'node:stream'
import { TrainyardError } from '@trainyard/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiLimits } from '../deps.ts'

declare module 'fastify' {
  interface FastifyInstance {
    readonly heldBytes: HeldBytes
  }
}

export class HeldBytes {
  readonly #bytesMax: number
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /**
   * Until the reply is sent or its client is gone.
   * @throws TrainyardError overloaded
   */
  hold(reply: FastifyReply, bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax) {
      throw new TrainyardError('overloaded', {
        detail: `Bodies of ${this.#bytes} bytes are being worked on; with ${bytes} more they are beyond ${this.#bytesMax}.`,
      })
    }
    this.#bytes += bytes
    finished(reply.raw, () => {
      this.#bytes -= bytes
    })
  }
}

/** JSON is held here; a route that streams its body holds what it keeps of it. */
export function registerHeldBytes(app: FastifyInstance, { bodiesBytesMax }: ApiLimits): void {
  const held = new HeldBytes(bodiesBytesMax)
  app.decorate('heldBytes', held)
  app.addHook('preParsing', async (request, reply) => {
    if (request.routeOptions.config.operation?.streams === undefined) held.hold(reply, bodyBytes(request))
  })
}

/** Of the whole body, at most: what is longer is refused, and what does not tell its length may have all that is allowed. */
export function bodyBytes({ headers, routeOptions: { bodyLimit } }: FastifyRequest): number {
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return 0
  return Math.min(Number(headers['content-length'] ?? bodyLimit), bodyLimit)
}
