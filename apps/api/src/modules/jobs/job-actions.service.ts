// What a user may do to a job, and when: one frame around pause, resume, cancel and retry.

import { type Action, type Job, jobSchema } from '@trainyard/contracts'
import { jobs, sqlOfTransaction, type Tx } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import type { z } from 'zod'
import { uuidOf } from '../../http/ids.ts'
import { requireMatch } from '../../http/if-match.ts'
import { found } from '../../http/parse.ts'
import type { RouteContext } from '../../http/route.ts'
import { serializeJob } from './job.serializer.ts'

/** Action → whether the job is where it leads already, so that asking again changes nothing. */
const IS_DONE: Record<Action, (job: Job) => boolean> = {
  cancel: ({ terminal, cancel_requested }) => terminal || cancel_requested,
  pause: ({ state, pause_requested }) => state === 'paused' || pause_requested,
  resume: ({ state, cancel_requested, pause_requested }) =>
    (state === 'queued' || state === 'running') && !cancel_requested && !pause_requested,
  retry: () => false,
}

const PARTICIPLE: Record<Action, string> = { cancel: 'cancelled', pause: 'paused', resume: 'resumed', retry: 'retried' }

export const ACTION_RESPONSE = { description: 'The job, as it is now.', schema: jobSchema } as const

type Context = Pick<RouteContext<{ job_id: string }, unknown, unknown>, 'params' | 'request' | 'reply' | 'once'>

/**
 * Checks, under the lock of the job's runs, that the client has seen the job as it is (If-Match) and that its state allows the action; then does it.
 * @param status of the response; its schema is that of a job
 * @param change returns the id of the job to answer with
 * @throws TrainyardError not_found, precondition_failed, conflict
 */
export async function actOnJob(
  { params: { job_id: name }, request, reply, once }: Context,
  action: Action,
  status: number,
  change: (tx: Tx, jobId: string) => Promise<string>,
): Promise<z.output<typeof jobSchema>> {
  const id = uuidOf('job', name)
  return once(status, async (tx) => {
    const sql = sqlOfTransaction(tx)
    await jobs.lockRuns(tx, id)
    const seen = serializeJob(found(await jobs.find(sql, id), name))
    requireMatch(request, reply, status, seen)
    if (IS_DONE[action](seen)) return seen
    if (!seen.allowed_actions.includes(action)) throw refuse(seen, action)
    return serializeJob(found(await jobs.find(sql, await change(tx, id)), name))
  })
}

function refuse({ id, kind, state, terminal, cancel_requested, allowed_actions: allowed }: Job, action: Action): TrainyardError {
  const is = cancel_requested && !terminal ? `${state} and about to be cancelled` : state
  const now = allowed.length === 0 ? 'nothing is' : `${allowed.join(' and ')} ${allowed.length === 1 ? 'is' : 'are'}`
  return new TrainyardError('conflict', {
    detail: `${id} (${kind}) is ${is} and cannot be ${PARTICIPLE[action]}; ${now} possible now.`,
  })
}
