import { statistics } from '@trainyard/database'
import { z } from 'zod'
import type { Deps } from '../../deps.ts'
import { defineRoute } from '../../http/route.ts'

const checkSchema = z.enum(['ok', 'failed'])
const readinessSchema = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.object({ database: checkSchema, storage: checkSchema }),
  queue: z
    .object({ queued: z.int(), oldest_seconds: z.number(), unpublished: z.int() })
    .nullable()
    .meta({ description: 'Information only: the API accepts work without the queue.' }),
})

export const getReadiness = defineRoute({
  method: 'GET',
  path: '/readyz',
  operationId: 'getReadiness',
  tag: 'system',
  summary: 'Whether requests can be served',
  description: 'Checks the database and the storage.',
  scope: null,
  responses: {
    200: { description: 'They can.', schema: readinessSchema },
    503: { description: 'Something is not reachable.', schema: readinessSchema },
  },
  handler: async ({ deps, reply }) => {
    const [queue, storage] = await Promise.allSettled([readQueue(deps), deps.storage.check()])
    const checks = { database: outcome(queue), storage: outcome(storage) }
    const isReady = checks.database === 'ok' && checks.storage === 'ok'
    reply.code(isReady ? 200 : 503)
    return { status: isReady ? 'ready' : 'not_ready', checks, queue: queue.status === 'fulfilled' ? queue.value : null }
  },
})

async function readQueue({ database }: Deps) {
  const { queued, oldestSeconds, unpublished } = await statistics.readQueueDepth(database.workerSql)
  return { queued, oldest_seconds: oldestSeconds, unpublished }
}

function outcome({ status }: PromiseSettledResult<unknown>): z.output<typeof checkSchema> {
  return status === 'fulfilled' ? 'ok' : 'failed'
}
