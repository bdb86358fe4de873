// The migrations, applied, give what schema.prisma says; and the enumerations are the contracts'.

import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkpointKindSchema, datasetVersionStatusSchema, jobKindSchema, runPhaseSchema, runStateSchema } from '@trainyard/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from './test-database.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const prisma = createRequire(import.meta.url).resolve('prisma/build/index.js')

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.close())

/** The SQL that would bring the database to the schema. Not the exit code: it is 0 too when the schema engine cannot start. */
async function diff(): Promise<string> {
  const env = { ...process.env, DATABASE_URL: db.url, CHECKPOINT_DISABLE: '1' }
  const command = ['migrate', 'diff', '--from-config-datasource', '--to-schema', 'prisma/schema.prisma', '--script']
  const { stdout } = await promisify(execFile)(process.execPath, [prisma, ...command], { cwd: root, env })
  return stdout.trim()
}

test('the migrations give what schema.prisma says', async () => {
  expect(await diff()).toBe('-- This is an empty migration.')
})

test.each([
  ['run_state', runStateSchema.options],
  ['run_phase', runPhaseSchema.options],
  ['job_kind', jobKindSchema.options],
  ['dataset_version_status', datasetVersionStatusSchema.options],
  ['checkpoint_kind', checkpointKindSchema.options],
])('%s has the values of the contracts', async (name, options) => {
  const [row] = await db.database.workerSql.query<{ values: string[] }>(`SELECT enum_range(NULL::${name})::text[] AS values`, [])
  expect([...(row?.values ?? [])].sort()).toEqual([...options].sort())
})
