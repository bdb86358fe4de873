// JSON bodies: no prototypes, bounded nesting. Nothing else is read as a body, but what a route streams.

import { TrainyardError } from '@trainyard/errors'
import type { FastifyInstance } from 'fastify'

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
  app.addContentTypeParser('application/octet-stream', (request, stream, done) => {
    if (request.routeOptions.config.operation?.streams === 'application/octet-stream') return done(null, stream)
    done(
      new TrainyardError('unsupported_media_type', { detail: 'The content type is application/octet-stream. Expected application/json.' }),
    )
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
