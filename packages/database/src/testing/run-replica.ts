// A run in the database, driven by the same operations as the model. The time of the model is moved by moving what the database compares its
// clock with: its unit is a minute, next to which the time that a test takes is nothing.

import { newUuid, type RunResult } from '@trainyard/contracts'
import type { Database } from '../database.ts'
import { announceDue, redispatch } from '../runs/dispatch.ts'
import { flush } from '../runs/flush.ts'
import {
  cancelJob,
  claim,
  complete,
  crash,
  expireLeases,
  fail,
  type LeftRun,
  pauseJob,
  postpone,
  recordCheckpoint,
  release,
  resumeJob,
} from '../runs/state.ts'
import { submitRun } from '../test-database.ts'
import type { Op, Outcome, RunSnapshot } from './run-model.ts'

const MINUTE_MS = 60_000
const RESULT: RunResult = { kind: 'predict', predictions: [] }
const FAILURE = { category: 'data', code: 'diverged', message: 'The loss is NaN.', hint: 'Lower the learning rate.' } as const

/** Of one query for all that a snapshot holds. */
const SNAPSHOT = `
SELECT state, lease_epoch AS epoch, dispatch_seq AS seq, crash_count AS crashes, lost_count AS losses, cancel_requested_at IS NOT NULL AS cancel,
  pause_requested_at IS NOT NULL AS pause, last_step AS step, (SELECT coalesce(max(step), -1) FROM checkpoints WHERE run_id = r.id) AS checkpoint,
  lease_expires_at IS NOT NULL AS "hasLease", not_before IS NOT NULL AS waits, event_seq AS events,
  (SELECT jsonb_agg(dispatch_seq ORDER BY dispatch_seq) FROM outbox WHERE run_id = r.id) AS messages,
  (SELECT coalesce(jsonb_agg(outcome ORDER BY lease_epoch), '[]') FROM attempts WHERE run_id = r.id) AS outcomes,
  (SELECT state FROM jobs WHERE id = r.job_id) AS "jobState",
  (SELECT coalesce(jsonb_agg(seq ORDER BY seq), '[]') FROM run_events WHERE run_id = r.id) AS "eventSeqs"
FROM runs r WHERE id = $1::uuid`

type SnapshotRow = RunSnapshot & { readonly jobState: string; readonly eventSeqs: readonly number[] }

export class RunReplica {
  readonly #database: Database
  readonly #runId: string
  readonly #jobId: string

  static async create(database: Database, projectId: string): Promise<RunReplica> {
    const { runId, jobId } = await submitRun(database, projectId)
    return new RunReplica(database, runId, jobId)
  }

  private constructor(database: Database, runId: string, jobId: string) {
    this.#database = database
    this.#runId = runId
    this.#jobId = jobId
  }

  /** So that what this run leaves behind is not taken for that of another. */
  async remove(): Promise<void> {
    await this.#sql.query('DELETE FROM jobs WHERE id = $1::uuid', [this.#jobId])
  }

  async passTime(minutes: number): Promise<void> {
    await this.#sql.query(
      `UPDATE runs SET lease_expires_at = lease_expires_at - $2::float8 * interval '1 minute', not_before = not_before - $2::float8 * interval '1 minute'
       WHERE id = $1::uuid AND state IN ('queued', 'running', 'paused')`,
      [this.#runId, minutes],
    )
  }

  /** @throws Error when the job does not follow its run, or its events have a gap */
  async snapshot(): Promise<RunSnapshot> {
    const [row] = await this.#sql.query<SnapshotRow>(SNAPSHOT, [this.#runId])
    if (row === undefined) throw new Error('the run is gone')
    const { jobState, eventSeqs, ...snapshot } = row
    if (jobState !== snapshot.state) throw new Error(`the run is ${snapshot.state}, its job ${jobState}`)
    if (eventSeqs.some((seq, i) => seq !== i + 1) || eventSeqs.length !== snapshot.events)
      throw new Error(`events ${eventSeqs} of ${snapshot.events}`)
    return snapshot
  }

  async apply(op: Op): Promise<Outcome> {
    const sql = this.#sql
    const runId = this.#runId
    const fence = { runId, leaseEpoch: 'epoch' in op ? op.epoch : 0 }
    switch (op.name) {
      case 'claim':
        return (await claim(sql, { runId, owner: 'w', ttlMs: op.ttl * MINUTE_MS }))?.leaseEpoch ?? null
      case 'flush': {
        const progress = { phase: 'training', step: op.step, epoch: 0, samplesPerSecond: null } as const
        const result = await flush(sql, fence, { ttlMs: op.ttl * MINUTE_MS, progress })
        return result && (result.cancelRequested ? 'cancel' : result.pauseRequested ? 'pause' : 'go on')
      }
      case 'checkpoint': {
        const id = newUuid()
        const file = {
          id,
          kind: 'periodic',
          step: op.step,
          epoch: 0,
          objectKey: id,
          bytes: 1,
          sha256: 'ab'.repeat(32),
          metrics: {},
        } as const
        return (await recordCheckpoint(sql, fence, file)) ? 'stored' : null
      }
      case 'complete':
        return complete(sql, fence, { result: RESULT })
      case 'fail':
        return fail(sql, fence, FAILURE)
      case 'crash':
        return crash(sql, fence, 'The trainer was killed by SIGSEGV.')
      case 'preempt':
        return release(sql, fence, 'preempt')
      case 'pause_now':
        return release(sql, fence, 'pause')
      case 'cancel_now':
        return release(sql, fence, 'cancel')
      case 'postpone':
        return postpone(sql, fence, 'The storage is full.', op.delay * MINUTE_MS)
      case 'expire':
        return this.#mine(await expireLeases(sql, 1000))
      case 'announce':
        return (await announceDue(sql, 1000)) === 0 ? null : (await this.snapshot()).seq
      case 'redispatch':
        return (await redispatch(sql, [{ run_id: runId, dispatch_seq: op.seq }])) === 0 ? null : op.seq + 1
      case 'cancel':
        return this.#mine(await cancelJob(sql, this.#jobId))
      case 'pause':
        return this.#mine(await pauseJob(sql, this.#jobId))
      case 'resume':
        return this.#mine(await resumeJob(sql, this.#jobId))
    }
  }

  get #sql() {
    return this.#database.workerSql
  }

  #mine(runs: readonly LeftRun[]): Outcome {
    return runs.find(({ runId }) => runId === this.#runId)?.state ?? null
  }
}
