// Bodies that come too slowly, a byte now and then: answered 408, and their connection closed. Headers and whole requests have limits in Node.

import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { TrainyardError } from '@trainyard/errors'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ConnectionLimits } from '../deps.ts'
import { closeWithProblem } from '../http/connection-errors.ts'

/** Looks within a window. Counted rather than timed: while this process stands still, no client is to blame. */
const LOOKS = 4

interface Body {
  readonly raw: IncomingMessage
  readonly reply: FastifyReply
  /** In the window that runs. */
  looks: number
  /** Read from the connection when the window began. */
  bytes: number
}

export function registerSlowBodies(app: FastifyInstance, { bodyWindowMs, bodyWindowBytes }: ConnectionLimits): void {
  const bodies = new Set<Body>()
  app.addHook('onRequest', async ({ raw }, reply) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers
    // What is injected comes over no connection.
    if ((length === undefined && encoding === undefined) || !(raw.socket instanceof Socket)) return
    const body = { raw, reply, looks: 0, bytes: raw.socket.bytesRead }
    bodies.add(body)
    raw.once('close', () => bodies.delete(body))
  })

  const look = (body: Body) => {
    const { raw, reply } = body
    const { bytesRead } = raw.socket
    body.looks++
    // What has arrived and is not read waits for us, not for the client.
    if (raw.readableLength > 0 || (body.looks >= LOOKS && bytesRead - body.bytes >= bodyWindowBytes)) {
      body.looks = 0
      body.bytes = bytesRead
    } else if (body.looks >= LOOKS) {
      const detail = `Of the body, ${bytesRead - body.bytes} bytes came in ${bodyWindowMs / 1000} s. Expected ${bodyWindowBytes} or more.`
      if (reply.raw.headersSent) raw.socket.destroy()
      else closeWithProblem(raw.socket, new TrainyardError('slow_request', { detail }), reply.request.id)
    }
  }
  const looking = setInterval(() => {
    for (const body of bodies) {
      if (body.raw.complete || body.raw.socket.destroyed) bodies.delete(body)
      else look(body)
    }
  }, bodyWindowMs / LOOKS).unref()
  app.addHook('onClose', async () => clearInterval(looking))
}
