// Events of a job as Server-Sent Events: what is there, then what comes, until the job has ended. Last-Event-ID goes on where a connection broke.

import { setTimeout as sleep } from 'node:timers/promises'
import { IS_TERMINAL } from '@trainyard/contracts'
import { type JobRecord, jobs } from '@trainyard/database'
import type { RouteContext } from '../../http/route.ts'
import { serializeEvent } from '../runs/event.serializer.ts'
import { type Position, parsePosition, readJobEvents } from './job-events.service.ts'

const POLL_MS = 500
/** A comment now and then: proxies close silent connections. */
const KEEP_ALIVE_POLLS = 30
const BATCH = 500

export async function streamJobEvents(
  { reply, sql, transaction }: Pick<RouteContext<unknown, unknown, unknown>, 'reply' | 'sql' | 'transaction'>,
  first: JobRecord,
  after: Position,
): Promise<void> {
  const { raw } = reply
  reply.hijack()
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    // Nothing follows it: a shutdown does not wait for the client to let go.
    connection: 'close',
  })
  raw.write('retry: 1000\n\n')
  let position = after
  for (let poll = 1; !raw.destroyed && !reply.server.closing.aborted; poll++) {
    // The state first: what is written behind it is seen by the next look.
    const job = (await jobs.find(sql, first.id)) ?? first
    const events = await transaction((tx) => readJobEvents(tx, job, position, BATCH))
    for (const { event, position: id } of events) {
      raw.write(`id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(serializeEvent(event))}\n\n`)
      position = parsePosition(id)
    }
    if (events.length === BATCH) continue
    if (IS_TERMINAL[job.state]) break
    if (poll % KEEP_ALIVE_POLLS === 0) raw.write(': still here\n\n')
    await sleep(POLL_MS)
  }
  raw.end()
}
