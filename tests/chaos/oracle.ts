// Set equality: what was acknowledged is there, once, with the bits of an undisturbed run.

import { createHash } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { fromWireId, fromWireNumber, type WireNumber } from '@trainyard/contracts'
import { parseHeader } from '@trainyard/engine/safetensors'
import type { ObjectStorage } from '@trainyard/storage'
import type { Pool } from 'pg'
import type { Acknowledged } from './clients.ts'

/** All that a finished run leaves: every point of its curves, its final weights and its result, bit by bit. */
export interface Outcome {
  readonly finalSha256: string
  readonly finalKey: string
  /** Without what depends on the speed of the machine. */
  readonly result: string
  /** `name step` → the 8 bytes of the value. */
  readonly points: ReadonlyMap<string, string>
}

export interface Verdict {
  /** Points of runs that were compared, and points that a client was shown. */
  readonly metricRows: number
  readonly shownRows: number
  readonly lost: readonly string[]
  readonly duplicated: readonly string[]
  readonly differing: readonly string[]
}

export async function outcomeOf(pool: Pool, jobId: string): Promise<Outcome> {
  const points = await pool.query<{ key: string; bits: string }>(
    `SELECT s.name || ' ' || p.step AS key, encode(float8send(p.value), 'hex') AS bits
     FROM runs r JOIN metric_series s ON s.run_id = r.id JOIN metric_points p USING (run_id, series_id) WHERE r.job_id = $1`,
    [jobId],
  )
  const final = await pool.query<{ sha256: string; object_key: string }>(
    "SELECT sha256, object_key FROM checkpoints WHERE job_id = $1 AND kind = 'final'",
    [jobId],
  )
  const results = await pool.query<{ result: string }>(
    "SELECT coalesce(result - 'seconds' - 'samples_per_second', '{}')::text AS result FROM runs WHERE job_id = $1",
    [jobId],
  )
  const result = results.rows.map((row) => row.result).join(' ')
  const { sha256 = '', object_key = '' } = final.rows[0] ?? {}
  return { finalSha256: sha256, finalKey: object_key, result, points: new Map(points.rows.map(({ key, bits }) => [key, bits])) }
}

export interface Evidence {
  readonly acknowledged: readonly Acknowledged[]
  /** Idempotency keys that were sent, answered or not. */
  readonly attempted: ReadonlySet<string>
  /** Jobs that were there before. */
  readonly earlier: readonly string[]
  /** By name of the workload. */
  readonly undisturbed: ReadonlyMap<string, Outcome>
  readonly storage: ObjectStorage
}

export async function judge(pool: Pool, { acknowledged, attempted, earlier, undisturbed, storage }: Evidence): Promise<Verdict> {
  const lost: string[] = []
  const duplicated: string[] = []
  const differing: string[] = []
  let metricRows = 0
  let shownRows = 0

  const jobs = await pool.query<{ id: string; name: string | null; state: string }>(
    'SELECT id, name, state FROM jobs WHERE id <> ALL($1::uuid[])',
    [earlier],
  )
  const byId = new Map(jobs.rows.map((row) => [row.id, row]))
  const names = jobs.rows.flatMap(({ name }) => (name === null ? [] : [name]))
  for (const name of new Set(names.filter((name, i) => names.indexOf(name) !== i))) duplicated.push(`job "${name}" exists several times`)
  // Each key makes one job at most, with a name or without.
  if (jobs.rows.length > attempted.size) duplicated.push(`${attempted.size} submissions made ${jobs.rows.length} jobs`)
  const ids = acknowledged.map(({ jobId }) => jobId)
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) duplicated.push(`two submissions were answered with ${id}`)
  for (const { name, id, state } of jobs.rows) {
    if (!['succeeded', 'failed', 'cancelled'].includes(state)) lost.push(`job ${id} (${name}) never ended: ${state}`)
    // All of them are correct: nothing that happens to the machines is their fault.
    if (state === 'failed') lost.push(`job ${id} (${name}) failed: ${await failureOf(pool, id)}`)
  }

  for (const job of acknowledged) {
    const row = byId.get(fromWireId('job', job.jobId) ?? '')
    if (row === undefined) {
      lost.push(`job "${job.name}" was acknowledged as ${job.jobId} and is not there`)
      continue
    }
    if (job.terminalState !== null && row.state !== job.terminalState) {
      differing.push(`job "${job.name}" was shown to have ended as ${job.terminalState} and is ${row.state}`)
    }
    if (job.cancelled && row.state === 'succeeded') differing.push(`job "${job.name}" was cancelled and has succeeded`)
    const expected = undisturbed.get(job.workload)
    if (expected === undefined) throw new Error(`nothing to compare workload "${job.workload}" with`)
    const found = await outcomeOf(pool, row.id)
    metricRows += found.points.size
    for (const [key, bits] of found.points) {
      const wanted = expected.points.get(key)
      if (wanted !== bits) differing.push(`"${job.name}" ${key} is ${bits}, undisturbed ${wanted ?? 'absent'}`)
    }
    for (const [name, points] of job.points) {
      for (const [step, value] of points) {
        shownRows++
        const bits = found.points.get(`${name} ${step}`)
        if (bits === undefined) lost.push(`"${job.name}" ${name} ${step} was shown and is gone`)
        else if (bits !== bitsOf(value)) differing.push(`"${job.name}" ${name} ${step} was shown as ${value} and is ${bits}`)
      }
    }
    if (row.state !== 'succeeded') continue
    if (found.finalSha256 !== expected.finalSha256) {
      const what = await differenceOf(storage, found.finalKey, expected.finalKey)
      differing.push(`"${job.name}" (${job.workload}) ended with other weights after ${await attemptsOf(pool, row.id)}: ${what}`)
    }
    if (found.result !== expected.result) differing.push(`"${job.name}" has the result ${found.result}, undisturbed ${expected.result}`)
    for (const key of expected.points.keys()) if (!found.points.has(key)) lost.push(`"${job.name}" has no ${key}`)
  }

  const steps = await pool.query<{ run_id: string }>(
    'SELECT run_id FROM metric_points GROUP BY run_id, series_id, step HAVING count(*) > 1',
  )
  for (const { run_id } of steps.rows) duplicated.push(`run ${run_id} has a step twice`)
  lost.push(...(await damagedFiles(pool, storage)))
  return { metricRows, shownRows, lost, duplicated, differing }
}

/** @example '2 attempts (crashed at step 4000, succeeded at step 12000)' */
async function attemptsOf(pool: Pool, jobId: string): Promise<string> {
  const { rows } = await pool.query<{ outcome: string; last_step: string }>(
    'SELECT a.outcome, a.last_step FROM attempts a JOIN runs r ON r.id = a.run_id WHERE r.job_id = $1 ORDER BY a.lease_epoch',
    [jobId],
  )
  return `${rows.length} attempts (${rows.map(({ outcome, last_step }) => `${outcome} at step ${last_step}`).join(', ')})`
}

/** What is not the same in two checkpoints, by the names of tensors and metadata. */
async function differenceOf(storage: ObjectStorage, found: string, expected: string): Promise<string> {
  if (found === '') return 'it has no final checkpoint'
  const [a, b] = await Promise.all([found, expected].map(async (key) => partsOf(await buffer(await storage.get(key)))))
  const names = [...new Set([...(a?.keys() ?? []), ...(b?.keys() ?? [])])]
  return names.filter((name) => a?.get(name) !== b?.get(name)).join(', ')
}

/** Name → content of each tensor and each entry of the metadata. */
function partsOf(file: Buffer): ReadonlyMap<string, string> {
  const { tensors, metadata } = parseHeader(file)
  const contents = [...tensors].map(([name, { offset, bytes }]): [string, string] => [
    name,
    file.toString('latin1', offset, offset + bytes),
  ])
  return new Map([...contents, ...metadata])
}

/** The 8 bytes of a number as PostgreSQL sends them. */
function bitsOf(value: WireNumber): string {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(fromWireNumber(value))
  return bytes.toString('hex')
}

async function failureOf(pool: Pool, jobId: string): Promise<string> {
  const { rows } = await pool.query<{ message: string }>("SELECT failure ->> 'message' AS message FROM runs WHERE job_id = $1", [jobId])
  return rows[0]?.message ?? ''
}

/** Checkpoints whose file is not what its row says. */
async function damagedFiles(pool: Pool, storage: ObjectStorage): Promise<string[]> {
  const { rows } = await pool.query<{ object_key: string; sha256: string }>('SELECT object_key, sha256 FROM checkpoints')
  const damaged: string[] = []
  for (const { object_key, sha256 } of rows) {
    const hash = createHash('sha256')
    const read = await storage
      .get(object_key)
      .then((file) => pipeline(file, hash))
      .then(
        () => true,
        () => false,
      )
    if (!read) damaged.push(`checkpoint ${object_key} has no file`)
    else if (hash.digest('hex') !== sha256) damaged.push(`checkpoint ${object_key} has another content than its row says`)
  }
  return damaged
}
