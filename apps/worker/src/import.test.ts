// Versions that name a URL: the supervisor fetches the file, the trainer never sees the network.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { newUuid, prepareOptionsSchema, type RunConfig } from '@trainyard/contracts'
import { datasets, datasetVersions, jobs, projects, runState, uploads } from '@trainyard/database'
import { startTestServices, type TestServices } from '@trainyard/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Harness } from './testing/harness.ts'
import { XOR_CSV, XOR_OPTIONS } from './testing/samples.ts'

describe('imports by URL', () => {
  let services: TestServices
  let harness: Harness
  let server: Server
  let url: string
  /** Files that the server is sending a byte at a time. */
  let drips = 0
  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/xor.csv') response.end(XOR_CSV)
      else if (request.url === '/drip.csv') {
        const drip = setInterval(() => response.write('0'), 50)
        response.on('close', () => {
          clearInterval(drip)
          drips--
        })
        drips++
      } else response.writeHead(404).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    url = `http://127.0.0.1:${port}`
    services = await startTestServices({ redis: false })
    harness = await Harness.open(services)
    await harness.startWorker({ IMPORT_ALLOWED_HOSTS: `127.0.0.1:${port}` })
  })
  afterAll(async () => {
    server?.close()
    await harness?.close()
    await services?.stop()
  })

  /** As the API submits it. */
  async function importFrom(sourceUrl: string): Promise<{ versionId: string; runId: string }> {
    const { projectId } = harness
    const versionId = newUuid()
    const key = `uploads/${versionId}/file`
    const source = { role: 'file' as const, key, file_name: 'xor.csv', bytes: 0, url: sourceUrl }
    const config: RunConfig = {
      kind: 'prepare',
      dataset_version_id: versionId,
      sources: [source],
      options: prepareOptionsSchema.parse(XOR_OPTIONS),
    }
    const runId = await harness.database.asWorker(async (tx) => {
      const dataset = await datasets.create(tx, { projectId, name: 'imported', description: '' })
      const job = await jobs.submit(tx, { projectId, kind: 'prepare', name: null, config: {}, runs: [config] })
      await datasetVersions.create(tx, { id: versionId, projectId, datasetId: dataset.id, jobId: job.id, uploads: [] })
      const upload = { id: newUuid(), projectId, datasetVersionId: versionId, role: source.role }
      await uploads.announceImport(tx, { ...upload, fileName: 'xor.csv', objectKey: key, sourceUrl })
      return job.runs[0]?.id ?? ''
    })
    return { versionId, runId }
  }
  const version = (id: string) => harness.database.asWorker((tx) => datasetVersions.find(tx, id))

  it('fetches a file, counts its bytes and prepares it', async () => {
    const { versionId, runId } = await importFrom(`${url}/xor.csv`)
    expect((await harness.waitForEnd(runId)).failure).toBeNull()
    expect(await harness.events(runId)).toContain('imported')
    expect(await version(versionId)).toMatchObject({ status: 'ready', uploadedBytes: XOR_CSV.length })
    const [upload] = await harness.database.asWorker((tx) => uploads.listOfVersion(tx, versionId))
    expect(upload).toMatchObject({ bytes: XOR_CSV.length, sourceUrl: `${url}/xor.csv`, completedAt: expect.any(Date) })
  })

  it.each([
    ['is missing', () => `${url}/nothing`, 'import_failed', 'the server answered 404'],
    ['lies behind a private name', () => `${url.replace('127.0.0.1', 'localhost')}/xor.csv`, 'import_failed', 'not public'],
  ])('fails with the reason when the file %s', async (_, address, code, message) => {
    const { versionId, runId } = await importFrom(address())
    const run = await harness.waitForEnd(runId)
    expect(run).toMatchObject({ state: 'failed', failure: { code, category: 'user', message: expect.stringContaining(message) } })
    expect(await version(versionId)).toMatchObject({ status: 'failed', failure: { code } })
  })

  it('is cancelled while a server sends a byte now and then, and keeps nothing', async () => {
    const { versionId, runId } = await importFrom(`${url}/drip.csv`)
    await expect.poll(() => drips, { timeout: 20_000 }).toBe(1)
    const { jobId } = await harness.run(runId)
    await runState.cancelJob(harness.database.workerSql, jobId)
    expect(await harness.waitForEnd(runId)).toMatchObject({ state: 'cancelled' })
    await expect.poll(() => drips).toBe(0)
    expect(await version(versionId)).toMatchObject({ status: 'failed' })
    await expect.poll(() => harness.storage.stat(`uploads/${versionId}/file`)).toBeNull()
  })

  it('stores no more than the quota leaves room for', async () => {
    const { used } = await harness.database.asWorker((tx) => uploads.storageUsage(tx, harness.projectId))
    await harness.database.asWorker((tx) => projects.setLimits(tx, harness.projectId, { storageLimit: used + 1 }))
    const { versionId, runId } = await importFrom(`${url}/xor.csv`)
    expect(await harness.waitForEnd(runId)).toMatchObject({ state: 'failed', failure: { code: 'import_failed' } })
    expect(await harness.storage.stat(`uploads/${versionId}/file`)).toBeNull()
  })
})
