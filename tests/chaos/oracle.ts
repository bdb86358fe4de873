// Set equality: what was acknowledged is there, once, with the bits of an undisturbed run.

import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { fromWireId, fromWireNumber, type WireNumber } from '@trainyard/contracts'
import type { ObjectStorage } from '@trainyard/storage'
import type { Pool } from 'pg'
import type { Acknowledged } from './clients.ts'

/** All that a finished run leaves: every point of its curves and its final weights, bit by bit. */
export interface Outcome {
  readonly finalSha256: string
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
  const final = await pool.query<{ sha256: string }>("SELECT sha256 FROM checkpoints WHERE job_id = $1 AND kind = 'final'", [jobId])
  return { finalSha256: final.rows[0]?.sha256 ?? '', points: new Map(points.rows.map(({ key, bits }) => [key, bits])) }
}

export interface Evidence {
  readonly acknowledged: readonly Acknowledged[]
  readonly attempted: ReadonlySet<string>
  /** By name of the workload. */
  readonly undisturbed: ReadonlyMap<string, Outcome>
  readonly storage: ObjectStorage
}

export async function judge(pool: Pool, { acknowledged, attempted, undisturbed, storage }: Evidence): Promise<Verdict> {
  const lost: string[] = []
  const duplicated: string[] = []
  const differing: string[] = []
  let metricRows = 0
  let shownRows = 0

  const jobs = await pool.query<{ id: string; name: string; state: string }>(
    'SELECT id, name, state FROM jobs WHERE name = ANY($1::text[])',
    [[...attempted]],
  )
  const byName = new Map<string, typeof jobs.rows>()
  for (const row of jobs.rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row])
  for (const [name, rows] of byName) if (rows.length > 1) duplicated.push(`job "${name}" exists ${rows.length} times`)
  for (const { name, id, state } of jobs.rows) {
    if (!['succeeded', 'failed', 'cancelled'].includes(state)) lost.push(`job "${name}" (${id}) never ended: ${state}`)
  }

  for (const job of acknowledged) {
    const row = byName.get(job.name)?.find(({ id }) => id === fromWireId('job', job.jobId))
    if (row === undefined) {
      lost.push(`job "${job.name}" was acknowledged as ${job.jobId} and is not there`)
      continue
    }
    if (job.terminalState !== null && row.state !== job.terminalState) {
      differing.push(`job "${job.name}" was shown to have ended as ${job.terminalState} and is ${row.state}`)
    }
    if (row.state === 'failed') lost.push(`job "${job.name}" failed: ${await failureOf(pool, row.id)}`)
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
    if (found.finalSha256 !== expected.finalSha256) differing.push(`"${job.name}" ended with other weights`)
    for (const key of expected.points.keys()) if (!found.points.has(key)) lost.push(`"${job.name}" has no ${key}`)
  }

  const steps = await pool.query<{ run_id: string }>(
    'SELECT run_id FROM metric_points GROUP BY run_id, series_id, step HAVING count(*) > 1',
  )
  for (const { run_id } of steps.rows) duplicated.push(`run ${run_id} has a step twice`)
  lost.push(...(await damagedFiles(pool, storage)))
  return { metricRows, shownRows, lost, duplicated, differing }
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
