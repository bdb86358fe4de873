// Waits for the end of a job, for as long as a client may be kept waiting.

import { IS_TERMINAL } from '@trainyard/contracts'
import { type JobRecord, jobs } from '@trainyard/database'
import { found } from '../../http/parse.ts'
import type { RouteContext } from '../../http/route.ts'

/** @returns the job as it is then, ended or not */
export async function waitForJob(
  { deps, reply, sql }: Pick<RouteContext<unknown, unknown, unknown>, 'deps' | 'reply' | 'sql'>,
  id: string,
): Promise<JobRecord> {
  const deadline = Date.now() + deps.limits.predictWaitMs
  for (;;) {
    const changed = deps.completions.next(id)
    const job = found(await jobs.find(sql, id), id)
    if (IS_TERMINAL[job.state] || Date.now() >= deadline || reply.raw.destroyed || reply.server.closing.aborted) return job
    await changed
  }
}
