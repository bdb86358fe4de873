import { ERRORS } from '@trainyard/errors'
import { z } from 'zod'
import { missing } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'

export const getErrorPage = defineRoute({
  method: 'GET',
  path: '/errors/{code}',
  operationId: 'getErrorPage',
  tag: 'system',
  summary: 'What an error means',
  description: 'The `type` of a problem document leads here.',
  scope: null,
  params: z.strictObject({ code: z.string().meta({ examples: ['not_found'] }) }),
  responses: { 200: { description: 'Title, status and remedy.', schema: null, contentType: 'text/plain' } },
  handler: ({ params: { code }, reply }) => {
    const entry = Object.entries(ERRORS).find(([name]) => name === code)?.[1]
    if (entry === undefined) throw missing(code)
    const { title, hint, status, category, retryable } = entry
    const advice = retryable ? 'The same request may succeed later.' : 'Repeating the same request does not help.'
    return reply
      .type('text/plain; charset=utf-8')
      .send(`${code}\n\n${title}. ${hint}\n\nStatus ${status}, category ${category}. ${advice}\n`)
  },
})
