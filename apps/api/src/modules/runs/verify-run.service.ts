// From a run and two of its checkpoints to the job that replays what lies between them.

import { toWireId, type VerifyRun } from '@trainyard/contracts'
import { type CheckpointRecord, checkpoints, type JobRecord, jobs, runs, type Tx } from '@trainyard/database'
import { type Issue, TrainyardError } from '@trainyard/errors'
import { uuidOf } from '../../http/ids.ts'
import { found, invalidRequest } from '../../http/parse.ts'

/** Retention keeps fewer. */
const CHECKPOINTS_MAX = 1000

/** @throws TrainyardError not_found, conflict, or invalid_request with every mistake */
export async function submitVerification(tx: Tx, projectId: string, runId: string, body: VerifyRun): Promise<JobRecord> {
  const run = found(await runs.find(tx, runId), toWireId('run', runId))
  const { config } = run
  if (config.kind !== 'train') {
    throw new TrainyardError('conflict', { detail: `The run is of the kind "${config.kind}"; only trainings can be verified.` })
  }
  const { data } = await checkpoints.list(tx, { limit: CHECKPOINTS_MAX, order: 'desc' }, { runId })
  const newestFirst = data.toSorted((a, b) => b.step - a.step)
  if (newestFirst.length === 0) {
    throw new TrainyardError('conflict', { detail: 'The run has no checkpoint yet.', hint: 'Verify it when it has stored one.' })
  }
  const { from, to } = interval(newestFirst, body)
  if (from === null && config.transfer !== null) {
    throw new TrainyardError('conflict', {
      detail: 'The run has one checkpoint only and began with the weights of another run.',
      hint: 'Verify it when it has two checkpoints.',
    })
  }
  const { spec, training, dataset_version_id } = config
  return await jobs.submit(tx, {
    projectId,
    kind: 'verify',
    name: null,
    config: { kind: 'verify', run_id: toWireId('run', runId), ...body },
    runs: [
      {
        kind: 'verify',
        run_id: runId,
        spec,
        training,
        dataset_version_id,
        checkpoint_id: from?.id ?? null,
        target_checkpoint_id: to.id,
      },
    ],
  })
}

function interval(newestFirst: readonly CheckpointRecord[], body: VerifyRun): { from: CheckpointRecord | null; to: CheckpointRecord } {
  const issues: Issue[] = []
  const named = (id: string | undefined, path: string): CheckpointRecord | undefined => {
    if (id === undefined) return undefined
    const checkpoint = newestFirst.find((candidate) => candidate.id === uuidOf('checkpoint', id))
    if (checkpoint === undefined) {
      const message = `The run has no checkpoint ${id}.`
      issues.push({ path, code: 'unknown_checkpoint', message, hint: 'List those of the run: GET /v1/checkpoints?run_id=…' })
    }
    return checkpoint
  }
  const to = named(body.to_checkpoint_id, 'to_checkpoint_id') ?? newestFirst[0]
  const from = named(body.from_checkpoint_id, 'from_checkpoint_id')
  if (to !== undefined && from !== undefined && from.step >= to.step) {
    const message = `The replay cannot go from step ${from.step} to step ${to.step}.`
    issues.push({ path: 'from_checkpoint_id', code: 'not_before', message, hint: 'Begin with a checkpoint of an earlier step.' })
  }
  if (issues.length > 0 || to === undefined) throw invalidRequest(issues)
  return { from: from ?? newestFirst.find(({ step }) => step < to.step) ?? null, to }
}
