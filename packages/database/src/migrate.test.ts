import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { MIGRATIONS_DIRECTORY, migrate } from './migrate.ts'
import { openTestDatabase, type TestDatabase } from './test-database.ts'

let db: TestDatabase
let directory: string

beforeAll(async () => {
  db = await openTestDatabase()
  directory = await mkdtemp(join(tmpdir(), 'trainyard-migrations-'))
  await cp(MIGRATIONS_DIRECTORY, directory, { recursive: true })
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
  await db.close()
})

const addMigration = async (name: string, sql: string) => {
  await cp(join(MIGRATIONS_DIRECTORY, '20261123210000_tables'), join(directory, name), { recursive: true })
  await writeFile(join(directory, name, 'migration.sql'), sql)
}

test('a migrated database needs nothing more', async () => {
  expect(await migrate(db.url)).toEqual([])
})

test('several at once apply each migration once', async () => {
  await addMigration('20991231000000_more', 'CREATE TABLE more (id int)')
  const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(db.url, { directory })))
  expect(applied.flat()).toEqual(['20991231000000_more'])
})

test('a migration that fails leaves nothing behind and may be corrected', async () => {
  const name = '20991231000001_broken'
  await addMigration(name, 'CREATE TABLE half (id int); SELECT no_such_function()')
  await expect(migrate(db.url, { directory })).rejects.toThrow(`migration ${name}: function no_such_function() does not exist`)
  await addMigration(name, 'CREATE TABLE half (id int)')
  expect(await migrate(db.url, { directory })).toEqual([name])
})

test('a migration that was edited after it had been applied is refused', async () => {
  await writeFile(join(directory, '20991231000000_more', 'migration.sql'), 'CREATE TABLE other (id int)')
  await expect(migrate(db.url, { directory })).rejects.toThrow('20991231000000_more: its file was edited after it had been applied')
})
