// Requirement 12, with a real file system that is full: a small one of its own, which only root can mount.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { hasRedis, startTestServices, type TestServices } from '@trainyard/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Harness, type WorkerProcess } from './testing/harness.ts'
import { XOR_CSV, XOR_OPTIONS, xorRun } from './testing/samples.ts'

const DISK_MB = 24

describe.skipIf(!hasRedis)('requirement 12: the disk is full in the middle of a run', () => {
  let services: TestServices
  let harness: Harness
  let worker: WorkerProcess
  /** A small file system. */
  let disk: string
  /** What no test fills. */
  let elsewhere: string
  let isMounted = false

  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), 'trainyard-disk-'))
    elsewhere = await mkdtemp(join(tmpdir(), 'trainyard-elsewhere-'))
    isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', disk]).status === 0
  })
  afterEach(async () => {
    await harness?.close()
    await services?.stop()
    if (isMounted) spawnSync('umount', ['-l', disk])
    for (const directory of [disk, elsewhere]) await rm(directory, { recursive: true, force: true })
  })

  /** A worker, with the directories of the storage and of its trainers. */
  const start = async (storage: string, trainers: string) => {
    await mkdir(join(storage, 'storage'))
    services = await startTestServices({ redis: true })
    harness = await Harness.open({ ...services, storageUrl: pathToFileURL(join(storage, 'storage')).href })
    worker = await harness.startWorker({ TRAINYARD_DATA_DIR: trainers })
  }

  /** @returns the file that takes all the space */
  const fill = async (): Promise<string> => {
    const filler = join(disk, 'filler')
    const { bavail, bsize } = await statfs(disk)
    // More than there is: the write ends where the space does.
    await writeFile(filler, Buffer.alloc(bavail * bsize + bsize)).catch(() => {})
    return filler
  }

  it('keeps the checkpoints before it, says so, and ends with the bits of an undisturbed run when there is space again', async ({
    skip,
  }) => {
    if (!isMounted) skip('only root can mount a small file system')
    await start(disk, disk)
    const prepared = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
    await harness.waitForEnd(prepared.runId)
    const run = () => xorRun(prepared.versionId, { epochs: 12_000, log_every_steps: 50, checkpoint: { every_steps: 500 } })
    const finalOf = async (id: string) => (await harness.checkpoints(id)).find(({ kind }) => kind === 'final')?.sha256
    const undisturbed = await harness.submit(run())
    await harness.waitForEnd(undisturbed)

    const id = await harness.submit(run())
    await harness.waitFor(id, ({ lastStep, checkpointId }) => lastStep >= 1000 && checkpointId !== null)
    const filler = await fill()
    for (let i = 0; i < 500 && !(await harness.events(id)).includes('checkpoint_failed'); i++)
      await new Promise((next) => setTimeout(next, 20))
    expect(await harness.events(id)).toContain('checkpoint_failed')
    for (const { objectKey, sha256 } of await harness.checkpoints(id)) {
      const content = await readFile(harness.storage.localPath(objectKey) ?? '')
      expect(createHash('sha256').update(content).digest('hex')).toBe(sha256)
    }
    await rm(filler)
    const ended = await harness.waitForEnd(id)
    expect(ended).toMatchObject({ state: 'succeeded', crashCount: 0 })
    expect(await finalOf(id)).toBe(await finalOf(undisturbed))
    expect(await harness.points(id)).toEqual(await harness.points(undisturbed))
  })

  it.for([['its trainers', 'The disk is full'] as const, ['the storage', 'The storage is full'] as const])(
    'requirement 18: a worker that is terminated while the disk of %s is full waits for space, and no step is lost',
    { timeout: 180_000 },
    async ([what, why], { skip }) => {
      if (!isMounted) skip('only root can mount a small file system')
      await (what === 'the storage' ? start(disk, elsewhere) : start(elsewhere, disk))
      const prepared = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
      await harness.waitForEnd(prepared.runId)
      const id = await harness.submit(
        xorRun(prepared.versionId, { epochs: 1_000_000, log_every_steps: 1000, checkpoint: { every_steps: 500 } }),
      )
      await harness.waitFor(id, ({ lastStep, checkpointId }) => lastStep >= 1000 && checkpointId !== null)
      const filler = await fill()
      const exited = worker.kill('SIGTERM')
      const isWaiting = async () => (await harness.messages(id)).some((text) => text.startsWith(why) && text.endsWith('Waiting for space.'))
      while (!(await isWaiting()) && worker.child.exitCode === null) await new Promise((next) => setTimeout(next, 20))
      await rm(filler)
      await exited
      expect(worker.child.exitCode).toBe(0)
      const queued = await harness.run(id)
      expect(queued).toMatchObject({ state: 'queued', crashCount: 0 })
      expect((await harness.checkpoints(id))[0]?.step).toBe(queued.lastStep)
    },
  )
})
