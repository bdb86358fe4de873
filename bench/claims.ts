// What a claim costs when many runs wait: 100 projects with different shares and limits, 100,000 queued runs, claims from 8 connections at once.
// `npm run bench:claims -- [runs] [projects]`

import { randomUUID } from 'node:crypto'
import { createDatabase, runState } from '@trainyard/database'
import { startTestServices } from '@trainyard/testkit'
import { NEXT } from '../packages/database/src/runs/state/claim.ts'

const [runs = 100_000, projects = 100] = process.argv.slice(2).map(Number)
const CLAIMS = 2_000
const LANES = 8

const services = await startTestServices({ redis: false })
const database = createDatabase({ url: services.databaseUrl, poolSize: LANES })
const sql = database.workerSql

const measure = async (queued: number) => {
  await sql.query('DELETE FROM projects', [])
  await sql.query(
    `INSERT INTO projects (id, name, share, concurrency_limit)
     SELECT new_uuid(), 'p' || i, 1 + i % 4, CASE WHEN i % 5 = 0 THEN 3 END FROM generate_series(1, $1::int) i`,
    [projects],
  )
  await sql.query(
    `WITH numbered AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM projects), pair AS (
       SELECT numbered.id AS project_id, new_uuid() AS job_id, new_uuid() AS run_id, i FROM generate_series(1, $1::int) i JOIN numbered ON n = i % $2::int
     ), job AS (
       INSERT INTO jobs (id, project_id, kind, config) SELECT job_id, project_id, 'evaluate', '{}' FROM pair
     )
     INSERT INTO runs (id, project_id, job_id, kind, config, priority) SELECT run_id, project_id, job_id, 'evaluate', '{}', (i * 7919) % 21 - 10 FROM pair`,
    [queued, projects],
  )
  await sql.query('VACUUM ANALYZE runs', [])
  const times: number[] = []
  const begun = performance.now()
  const lane = async () => {
    while (times.length < CLAIMS) {
      const sentAt = performance.now()
      if ((await runState.claimNext(database, { owner: randomUUID(), ttlMs: 3_600_000 })) === null) return
      times.push(performance.now() - sentAt)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  const seconds = (performance.now() - begun) / 1000
  times.sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1)
  console.log(
    `${queued} queued in ${projects} projects: ${Math.round(times.length / seconds)} claims/s from ${LANES} connections, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`,
  )
}

await measure(runs / 100)
await measure(runs)
const plan = await sql.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) ${NEXT}`, [])
console.log(`\nHow the next run is found among ${runs - CLAIMS}:\n${plan.map((row) => row['QUERY PLAN']).join('\n')}`)
await database.close()
await services.stop()
