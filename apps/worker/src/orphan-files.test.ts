// Files and rows in every state that a killed process can leave: what nobody needs goes when it is old, everything else stays.

import { utimes } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { newUuid } from '@trainyard/contracts'
import {
  createDatabase,
  type Database,
  datasets,
  datasetVersions,
  jobs,
  projects,
  runState,
  storedKeys,
  uploads,
} from '@trainyard/database'
import { type ObjectStorage, openStorage } from '@trainyard/storage'
import { startTestServices, type TestServices } from '@trainyard/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { removeOrphanFiles } from './orphan-files.ts'

const DAY_MS = 24 * 3600 * 1000
const SHA = 'ab'.repeat(32)

describe('the sweep of orphans', () => {
  let services: TestServices
  let database: Database
  let storage: ObjectStorage
  let projectId: string

  beforeAll(async () => {
    services = await startTestServices({ redis: false })
    database = createDatabase({ url: services.databaseUrl })
    storage = openStorage(services.storageUrl)
  })
  beforeEach(async () => {
    projectId = (await database.asWorker((tx) => projects.create(tx, { name: 'orphans' }))).id
  })
  afterAll(async () => {
    await database.close()
    await services.stop()
  })

  const sweep = () => removeOrphanFiles(database, storage, 3_600_000)
  const isThere = async (key: string) => (await storage.stat(key)) !== null
  /** A file that was stored so long ago. */
  const put = async (key: string, ageMs = 2 * DAY_MS) => {
    const stored = await storage.put(key, Readable.from([Buffer.from('content')]))
    const time = new Date(Date.now() - ageMs)
    await utimes(storage.localPath(key) ?? '', time, time)
    return stored
  }
  /** A version in preparation whose source is this file. */
  const version = async (objectKey: string) => {
    const id = newUuid()
    const runId = await database.asWorker(async (tx) => {
      const dataset = await datasets.create(tx, { projectId, name: newUuid(), description: '' })
      const config = { kind: 'prepare' as const, dataset_version_id: id, sources: [], options: {} }
      const job = await jobs.submit(tx, { projectId, kind: 'prepare', name: null, config: {}, runs: [config as never] })
      const files = [{ role: 'file' as const, fileName: 'x.csv', objectKey, bytes: 7, sha256: SHA }]
      await datasetVersions.create(tx, { id, projectId, datasetId: dataset.id, jobId: job.id, uploads: files })
      return job.runs[0]?.id ?? ''
    })
    return { id, runId }
  }

  it('removes uploads without a row, but not those of versions and running uploads, nor what may still get a row', async () => {
    const [orphan, attached, running, fresh] = ['orphan', 'attached', 'running', 'fresh'].map((name) => `uploads/${newUuid()}/${name}`)
    for (const key of [orphan, attached, running]) await put(key ?? '')
    // The first file of a request whose second is still on its way.
    await put(fresh ?? '', DAY_MS / 2)
    await version(attached ?? '')
    const begun = { id: newUuid(), projectId, fileName: 'x', objectKey: running ?? '', bytes: 7, partBytes: 7, token: 't', sha256: null }
    await database.asWorker((tx) => uploads.begin(tx, { ...begun, expiresAt: new Date(Date.now() + DAY_MS) }))
    expect(await sweep()).toBe(1)
    expect(await Promise.all([orphan, attached, running, fresh].map((key) => isThere(key ?? '')))).toEqual([false, true, true, true])
  })

  it('removes shards that no version names, and none of a project that prepares one', async () => {
    const key = (name: string) => `datasets/${projectId}/${name.repeat(64)}.safetensors`
    for (const name of ['a', 'b', 'c', 'd']) await put(key(name))
    const { id, runId } = await version(`uploads/${newUuid()}/file`)
    // A preparation under way may be about to name any of them.
    expect(await sweep()).toBe(0)
    const run = await runState.claim(database.workerSql, { runId, owner: 'test', ttlMs: 60_000 })
    if (run === null) throw new Error('the run cannot be claimed')
    const shard = { key: key('a'), bytes: 7, sha256: SHA, rows: 1 }
    const manifest = {
      digest: `sha256:${SHA}`,
      splits: { train: { rows: 1, shards: [shard] } },
      analysis: { key: key('b'), bytes: 7, sha256: SHA },
      quarantine: { key: key('c'), bytes: 7, sha256: SHA, rows: 1 },
    }
    const result = { kind: 'prepare' as const, rows: 1, digest: SHA }
    expect(await runState.complete(database.workerSql, run, { result, manifest: manifest as never })).toBe('succeeded')
    expect(await sweep()).toBe(1)
    expect(await Promise.all(['a', 'b', 'c', 'd'].map((name) => isThere(key(name))))).toEqual([true, true, true, false])
    expect((await database.asWorker((tx) => datasetVersions.find(tx, id)))?.status).toBe('ready')
  })

  it('lets a preparation that begins while it deletes wait, so that none uses a shard again that goes a moment later', async () => {
    const key = `datasets/${projectId}/${'e'.repeat(64)}.safetensors`
    await put(key)
    let go = () => {}
    const gate = new Promise<void>((resolve) => {
      go = resolve
    })
    let isDeleting = () => {}
    const deleting = new Promise<void>((resolve) => {
      isDeleting = resolve
    })
    const slow = new Proxy(storage, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (name !== 'delete') return typeof value === 'function' ? value.bind(target) : value
        return async (deleted: string) => {
          if (deleted === key) {
            isDeleting()
            await gate
          }
          await target.delete(deleted)
        }
      },
    })
    const swept = removeOrphanFiles(database, slow, 3_600_000)
    await deleting
    await version(`uploads/${newUuid()}/file`)
    let isOver = false
    const waiting = storedKeys.awaitRemovals(database.workerSql).then(() => {
      isOver = true
    })
    const waiters = `SELECT count(*) AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
    await expect.poll(() => database.workerSql.query(waiters, [])).toEqual([{ count: 1 }])
    expect([isOver, await isThere(key)]).toEqual([false, true])
    go()
    await waiting
    expect(await isThere(key)).toBe(false)
    await swept
    // What the preparation has stored anew, and what is old and there, stays from now on.
    await put(key)
    expect(await sweep()).toBe(0)
  })

  it('keeps the state of a preparation, and removes it when the run has ended without a supervisor', async () => {
    const { runId } = await version(`uploads/${newUuid()}/file`)
    const run = await runState.claim(database.workerSql, { runId, owner: 'test', ttlMs: 60_000 })
    if (run === null) throw new Error('the run cannot be claimed')
    const key = (name: string) => `checkpoints/${runId}/1/${name}`
    const file = async (name: string) => ({ name, objectKey: key(name), ...(await put(key(name))) })
    const keep = async (...names: string[]) => runState.keepPreparation(database.workerSql, run, [await file(names.at(-1) ?? '')], names)
    expect(await keep('state-1')).toEqual([])
    expect(await keep('spool-0', 'state-2')).toEqual([key('state-1')])
    // 7 bytes of the upload, and 7 of the state that is left.
    expect((await database.asWorker((tx) => uploads.storageUsage(tx, projectId))).used).toBe(14)
    // The worker was killed before it deleted the file of the state before, and after it stored one that no row names.
    await put(key('spool-1'))
    expect(await sweep()).toBe(2)
    expect(await isThere(key('state-2'))).toBe(true)
    await runState.cancelJob(database.workerSql, run.jobId)
    await runState.release(database.workerSql, run, 'cancel')
    expect(await runState.keepPreparation(database.workerSql, run, [], ['state-2'])).toBeNull()
    expect(await sweep()).toBe(1)
    expect(await isThere(key('state-2'))).toBe(false)
  })
})
