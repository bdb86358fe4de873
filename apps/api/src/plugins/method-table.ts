// Which methods a path has, so that a wrong method is 405 and not 404.

import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    methodsOf(path: string): readonly string[]
  }
}

export function registerMethodTable(app: FastifyInstance): void {
  const routes: { readonly pattern: RegExp; readonly method: string }[] = []
  app.addHook('onRoute', ({ method, url }) => {
    const pattern = new RegExp(`^${url.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/:[^/]+/g, '[^/]+')}$`)
    for (const name of [method].flat()) routes.push({ pattern, method: name })
  })
  app.decorate('methodsOf', (path) => [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))])
}
