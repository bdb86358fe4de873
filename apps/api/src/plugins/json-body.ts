// JSON bodies: no prototypes, bounded nesting. Nothing else is read as a body, but what a route streams.

import { TrainyardError } from '@trainyard/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Deeper than any body of ours (a graph has 6 levels, an image of any rank fewer), shallower than what recursion survives. */
const DEPTH_MAX = 64

export function registerJsonBody(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    // An empty body is no body: clients send the header with every POST.
    if (body === '') return done(null, undefined)
    if (exceedsDepth(body)) {
      return done(new TrainyardError('malformed_json', { detail: `The body is nested more than ${DEPTH_MAX} levels deep.` }))
    }
    parse(request, body, (error, value) => {
      if (error === null) return done(null, value)
      done(new TrainyardError('malformed_json', { detail: `The body cannot be read: ${error.message.slice(0, 200)}.`, cause: error }))
    })
  })
  // What a route streams may be of any length: never into the parser of another type, which holds it in memory.
  app.addHook('preParsing', async (request) => {
    if (request.headers['content-type'] !== undefined) requireMediaType(request)
  })
  app.addContentTypeParser('application/octet-stream', (_, stream, done) => done(null, stream))
}

/** @throws TrainyardError unsupported_media_type unless the request has what its route streams, or JSON */
export function requireMediaType({ headers, routeOptions }: FastifyRequest): void {
  const expected = routeOptions.config.operation?.streams ?? 'application/json'
  const [given = ''] = headers['content-type']?.split(';', 1) ?? []
  if (given.trim().toLowerCase() === expected) return
  throw new TrainyardError('unsupported_media_type', {
    detail: `The content type is ${given === '' ? 'missing' : given.slice(0, 100)}. Expected ${expected}.`,
  })
}

/** One pass over the text, before anything is built. */
function exceedsDepth(text: string): boolean {
  let depth = 0
  let isText = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isText) {
      if (code === 0x5c) i++
      else if (code === 0x22) isText = false
    } else if (code === 0x22) isText = true
    else if (code === 0x5b || code === 0x7b) {
      depth++
      if (depth > DEPTH_MAX) return true
    } else if (code === 0x5d || code === 0x7d) depth--
  }
  return false
}
