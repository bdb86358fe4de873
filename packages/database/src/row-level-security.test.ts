import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { urlOfRole } from './database.ts'
import * as jobs from './jobs.repository.ts'
import * as metrics from './metrics.repository.ts'
import { flush } from './runs/flush.ts'
import { cancelJob } from './runs/state.ts'
import { type Sql, sqlOfTransaction } from './sql.ts'
import { claimRun, createProject, openTestDatabase, readEvents, submitRun, type TestDatabase } from './test-database.ts'

let db: TestDatabase
let mine: string
let theirs: string
let myJob: { jobId: string; runId: string }

beforeAll(async () => {
  db = await openTestDatabase(8)
  mine = await createProject(db.database, 'mine')
  theirs = await createProject(db.database, 'theirs')
  myJob = await submitRun(db.database, mine)
  const run = await claimRun(db.database, myJob.runId)
  await flush(db.database.workerSql, run, { ttlMs: 60_000, points: [{ name: 'loss', step: 1, value: 1 }] })
})
afterAll(() => db.close())

async function tables(): Promise<string[]> {
  const rows = await db.database.workerSql.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> '_prisma_migrations' ORDER BY 1`,
    [],
  )
  return rows.map((row) => row.name)
}

async function asRole<T>(role: 'trainyard_api' | 'trainyard_worker', work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: urlOfRole(db.url, role) })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test('every table has a project_id (projects: id) and forced row-level security with a policy for both roles', async () => {
  const rows = await db.database.workerSql.query<{ name: string; forced: boolean; owned: boolean; policies: string[] }>(
    `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
       c.relname = 'projects' OR EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'project_id' AND attnotnull) AS owned,
       array(SELECT polname::text FROM pg_policy WHERE polrelid = c.oid ORDER BY 1) AS policies
     FROM pg_class c WHERE c.relname = ANY ($1::text[])`,
    [await tables()],
  )
  expect(rows.length).toBeGreaterThanOrEqual(15)
  for (const row of rows) expect(row).toEqual({ name: row.name, forced: true, owned: true, policies: ['tenant', 'worker'] })
})

test('an unset tenant sees no row of any table', async () => {
  const names = await tables()
  await asRole('trainyard_api', async (client) => {
    for (const name of names) expect([name, (await client.query(`SELECT * FROM ${name}`)).rowCount]).toEqual([name, 0])
  })
  await asRole('trainyard_worker', async (client) => {
    expect((await client.query('SELECT * FROM runs')).rowCount).toBe(1)
  })
})

test('single statements see the rows of their project, change nothing, and leave the connection as it was', async () => {
  const { database } = db
  const countRuns = async (sql: Sql) => (await sql.query<{ count: number }>('SELECT count(*) FROM runs', []))[0]?.count
  for (let i = 0; i < 3; i++) {
    expect(await countRuns(database.projectSql(theirs))).toBe(0)
    expect(await countRuns(database.projectSql(mine))).toBe(1)
    expect(await countRuns(database.apiSql)).toBe(0)
    await expect(database.projectSql(mine).query('UPDATE runs SET last_step = 7 WHERE id = $1', [myJob.runId])).rejects.toThrow(/read-only/)
    await expect(database.projectSql(mine).query('SELECT 1 / $1::int', [0])).rejects.toThrow(/division by zero/)
  }
  expect(await jobs.find(database.projectSql(theirs), myJob.jobId)).toBeNull()
  expect(await jobs.find(database.projectSql(mine), myJob.jobId)).toMatchObject({ id: myJob.jobId, runs: [{ id: myJob.runId }] })
})

test('another tenant sees, cancels and writes nothing', async () => {
  await db.database.withProject(theirs, async (tx) => {
    expect(await jobs.find(sqlOfTransaction(tx), myJob.jobId)).toBeNull()
    expect((await jobs.list(sqlOfTransaction(tx), { limit: 10, order: 'desc' })).data).toEqual([])
    expect(await metrics.read(tx, { runId: myJob.runId, maxPoints: 10 })).toEqual([])
    expect(await cancelJob(sqlOfTransaction(tx), myJob.jobId)).toEqual([])
    expect(await tx.job.updateMany({ data: { name: 'stolen' } })).toEqual({ count: 0 })
  })
  const before = await readEvents(db.database, myJob.runId)
  await expect(
    db.database.withProject(theirs, (tx) => jobs.submit(tx, { projectId: mine, kind: 'predict', name: null, config: {}, runs: [] })),
  ).rejects.toThrow(/row-level security/)
  expect(await readEvents(db.database, myJob.runId)).toEqual(before)
})

test('the API cannot write what belongs to the workers', async () => {
  for (const sql of [
    'DELETE FROM metric_points',
    'UPDATE checkpoints SET bytes = 1',
    'DELETE FROM runs',
    "INSERT INTO projects VALUES (gen_random_uuid(), 'x')",
  ]) {
    await expect(
      db.database.withProject(mine, (tx) => tx.$executeRawUnsafe(sql)),
      sql,
    ).rejects.toThrow(/permission denied/)
  }
})

test('1,000 interleaved transactions over pooled connections see their own project only', async () => {
  const names = Array.from({ length: 5 }, (_, i) => `tenant ${i}`)
  const projects = await Promise.all(names.map((name) => createProject(db.database, name)))
  await Promise.all(projects.map((id) => submitRun(db.database, id)))
  const request = async (i: number) => {
    const projectId = projects[i % projects.length] ?? ''
    const seen = await db.database.withProject(projectId, (tx) => tx.run.findMany({ select: { projectId: true } }))
    expect(seen).toEqual([{ projectId }])
    if (i % 10 === 0) expect(await db.database.apiSql.query('SELECT id FROM runs', [])).toEqual([])
  }
  const client = async (first: number) => {
    for (let i = first; i < 1000; i += 20) await request(i)
  }
  await Promise.all(Array.from({ length: 20 }, (_, first) => client(first)))
})

test('a transaction that fails leaves no tenant on its connection', async () => {
  await expect(db.database.withProject(mine, () => Promise.reject(new Error('on purpose')))).rejects.toThrow('on purpose')
  const seen = await Promise.all(Array.from({ length: 20 }, () => db.database.apiSql.query('SELECT id FROM runs', [])))
  expect(seen.flat()).toEqual([])
})
