import { newUuid } from '@trainyard/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Page, PageRequest } from './page.ts'
import * as projects from './projects.repository.ts'
import * as runEvents from './run-events.repository.ts'
import { flush } from './runs/flush.ts'
import { createProject, openTestDatabase, startRun, type TestDatabase } from './test-database.ts'

let db: TestDatabase
let ids: string[]

beforeAll(async () => {
  db = await openTestDatabase()
  ids = Array.from({ length: 10 }, (_, i) => newUuid(1_700_000_000_000 + i))
  await db.database.asWorker((tx) => tx.project.createMany({ data: ids.map((id) => ({ id, name: id })) }))
})
afterAll(() => db.close())

const list = async (request: PageRequest): Promise<Page<number>> => {
  const { data, hasMore } = await db.database.asWorker((tx) => projects.list(tx, request))
  return { data: data.map((row) => ids.indexOf(row.id)), hasMore }
}

test.each([
  ['the first page', { limit: 3, order: 'asc' }, [0, 1, 2], true],
  ['newest first', { limit: 3, order: 'desc' }, [9, 8, 7], true],
  ['all', { limit: 10, order: 'asc' }, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], false],
  ['after', { limit: 3, order: 'asc', after: 2 }, [3, 4, 5], true],
  ['after, newest first', { limit: 3, order: 'desc', after: 2 }, [1, 0], false],
  ['before: the nearest ones, in the order of the list', { limit: 3, order: 'asc', before: 5 }, [2, 3, 4], true],
  ['before, newest first', { limit: 3, order: 'desc', before: 5 }, [8, 7, 6], true],
  ['before the first', { limit: 3, order: 'asc', before: 0 }, [], false],
] as const)('%s', async (_name, { limit, order, ...cursor }, data, hasMore) => {
  const after = 'after' in cursor ? ids[cursor.after] : undefined
  const before = 'before' in cursor ? ids[cursor.before] : undefined
  expect(await list({ limit, order, after, before })).toEqual({ data, hasMore })
})

test('events page in the order in which they happened', async () => {
  const projectId = await createProject(db.database)
  const run = await startRun(db.database, projectId)
  await flush(db.database.workerSql, run, {
    ttlMs: 1000,
    events: Array.from({ length: 8 }, (_, i) => ({ id: newUuid(), type: 'note', message: `${i}` })),
  })
  const page = async (request: PageRequest) => {
    const { data, hasMore } = await db.database.asWorker((tx) => runEvents.list(tx, run.runId, request))
    return { seqs: data.map((event) => event.seq), ids: data.map((event) => event.id), hasMore }
  }
  const first = await page({ limit: 4, order: 'asc' })
  expect(first).toMatchObject({ seqs: [1, 2, 3, 4], hasMore: true })
  expect(await page({ limit: 100, order: 'asc', after: first.ids[3] })).toMatchObject({ seqs: [5, 6, 7, 8, 9, 10], hasMore: false })
  expect(await page({ limit: 2, order: 'asc', before: first.ids[3] })).toMatchObject({ seqs: [2, 3], hasMore: true })
  expect(await page({ limit: 2, order: 'desc' })).toMatchObject({ seqs: [10, 9], hasMore: true })
})
