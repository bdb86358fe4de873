// Bodies that are held in memory, all requests together: JSON until it is answered, and what a storage over the network holds of a stream. What would be
// more is refused before a byte of it is read.

import { finished } from 'node:stream'
import { TrainyardError } from '@trainyard/errors'
import type { ObjectStorage } from '@trainyard/storage'
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

export function registerHeldBytes(app: FastifyInstance, storage: ObjectStorage, { bodiesBytesMax }: ApiLimits): void {
  const held = new HeldBytes(bodiesBytesMax)
  app.decorate('heldBytes', held)
  app.addHook('preParsing', async (request, reply) => held.hold(reply, bytesOf(request, storage)))
}

/** Parts of an upload are as long as their upload says: `receivePart` holds them. */
function bytesOf({ headers, routeOptions }: FastifyRequest, storage: ObjectStorage): number {
  const { operation } = routeOptions.config
  if (operation?.streams !== undefined) return operation.streams === 'multipart/form-data' ? storage.bytesHeld() : 0
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return 0
  // What is longer is refused by its length; what does not tell its length may have all of it.
  return Math.min(Number(headers['content-length'] ?? routeOptions.bodyLimit), routeOptions.bodyLimit)
}
