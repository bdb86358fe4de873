// The signal that the process is about to end: streams and long waits finish, so that the shutdown does not wait for them.

import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    readonly closing: AbortSignal
  }
}

export function registerClosing(app: FastifyInstance): void {
  const controller = new AbortController()
  app.decorate('closing', controller.signal)
  app.addHook('preClose', (done) => {
    controller.abort()
    done()
  })
}
