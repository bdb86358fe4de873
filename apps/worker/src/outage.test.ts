// Requirement 9, seen from one worker: PostgreSQL is away when the message comes that wakes it.

import { setTimeout as sleep } from 'node:timers/promises'
import { drainOutbox, openRunQueue } from '@trainyard/queue'
import { type FaultProxy, hasRedis, startFaultProxy, startTestServices, type TestServices } from '@trainyard/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Harness, type WorkerProcess } from './testing/harness.ts'
import { XOR_CSV, XOR_OPTIONS, xorRun } from './testing/samples.ts'

describe.skipIf(!hasRedis)('requirement 9: a worker without PostgreSQL', () => {
  let services: TestServices
  let harness: Harness
  let proxy: FaultProxy
  let worker: WorkerProcess

  beforeAll(async () => {
    services = await startTestServices({ redis: true })
    harness = await Harness.open(services)
    proxy = await startFaultProxy(Number(new URL(services.databaseUrl).port))
    worker = await harness.startWorker({
      DATABASE_URL: Object.assign(new URL(services.databaseUrl), { port: String(proxy.port) }).href,
    })
  })
  afterAll(async () => {
    await harness?.close()
    await proxy?.close()
    await services?.stop()
  })

  it('claims a run when it is back, without a second message, and tells of the outage twice', async () => {
    const prepared = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
    expect(await harness.waitForEnd(prepared.runId)).toMatchObject({ state: 'succeeded' })
    const queue = await openRunQueue({ kind: 'redis', url: services.redisUrl ?? '' })
    // Done with the preparation, the worker still removes what it had kept.
    while ((await queue.count()).active > 0) await sleep(20)
    const before = worker.lines.length
    const told = () => worker.lines.slice(before).map((line) => (JSON.parse(line) as { msg: string }).msg)
    proxy.mode = 'refuse'
    const id = await harness.submit(xorRun(prepared.versionId))
    await drainOutbox(harness.database, queue)
    // The worker has the message and cannot claim.
    while ((await queue.count()).active === 0) await sleep(20)
    while (told().length === 0) await sleep(20)
    await sleep(2000)
    expect((await harness.run(id)).state).toBe('queued')
    proxy.mode = 'pass'
    const run = await harness.waitForEnd(id)
    expect(run).toMatchObject({ state: 'succeeded', leaseEpoch: 1, dispatchSeq: 1 })
    while (told().length < 2) await sleep(20)
    expect(told()).toEqual([
      expect.stringMatching(/^PostgreSQL does not answer: /),
      expect.stringMatching(/^PostgreSQL answers again, after \d+\.\d s in which \d+ calls failed\.$/),
    ])
    await queue.close()
  })
})
