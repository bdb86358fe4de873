// What can happen to the file of a checkpoint, on the way of its bytes from the trainer through storage and back into the next attempt.

import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { newUuid } from '@trainyard/contracts'
import type { CheckpointFile, ClaimedRun, NewEvent } from '@trainyard/database'
import { fillUniform } from '@trainyard/engine/random'
import { type ObjectStorage, openStorage } from '@trainyard/storage'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FileGrants } from './supervisor/file-grants.ts'
import { grantResume } from './supervisor/start-message.ts'
import { TrainerDirectory } from './supervisor/trainer-directory.ts'
import { TrainerFiles } from './supervisor/trainer-files.ts'
import { freezeFilesAfter } from './testing/frozen-files.ts'
import { writeFileDurably } from './trainer/checkpoint-file.ts'

let directory: string
let storage: ObjectStorage
let files: FileGrants

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trainyard-checkpoint-'))
  storage = openStorage(pathToFileURL(join(directory, 'storage')).href)
  files = new FileGrants(storage, join(directory, 'cache'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** As a trainer and its supervisor save one: work file, object, and only then what makes it real. */
async function save(step: number, chunks: readonly Uint8Array[], rows: CheckpointFile[]): Promise<void> {
  const work = join(directory, 'work')
  await mkdir(work, { recursive: true })
  const written = await writeFileDurably(join(work, `step-${step}.safetensors`), chunks)
  const objectKey = `checkpoints/run/1/step-${step}-periodic.safetensors`
  const stored = await storage.putFile(objectKey, written.path)
  rows.unshift({ id: String(step), objectKey, ...stored, step, epoch: 0 })
  await rm(written.path, { force: true })
}

async function load(rows: readonly CheckpointFile[]) {
  const events: NewEvent[] = []
  const granted = await grantResume(files, { checkpoints: rows, attempt: 2 }, events)
  return { content: granted === null ? null : await readFile(granted.path), events: events.map(({ type }) => type) }
}

const digest = (content: Uint8Array) => createHash('sha256').update(content).digest('hex')
const older = randomBytes(3000)
const newer = [randomBytes(2000), randomBytes(1500), randomBytes(1)]

describe('requirement 13: killed at each operation of a checkpoint save', () => {
  it.each([{ isTorn: false }, { isTorn: true }])(
    'a load gives exactly the old or the new one, torn writes: $isTorn',
    async ({ isTorn }) => {
      const whole = Buffer.concat(newer)
      const seen = new Set<string>()
      for (let last = 0; ; last++) {
        await rm(join(directory, 'storage'), { recursive: true, force: true })
        const rows: CheckpointFile[] = []
        await save(1, [older], rows)
        const { begun, thaw } = await freezeFilesAfter(last, { isTorn })
        const saving = save(2, newer, rows)
        // Until it has ended, or stands still where it was killed.
        const isDone = await Promise.race([saving.then(() => true), standsStill(begun, last)])
        thaw()
        const { content } = await load(rows)
        const which = content === null ? 'none' : content.equals(older) ? 'old' : content.equals(whole) ? 'new' : 'neither'
        seen.add(which)
        expect({ last, which: ['old', 'new'].includes(which) }).toEqual({ last, which: true })
        if (isDone) {
          expect(which).toBe('new')
          break
        }
      }
      expect([...seen].sort()).toEqual(['new', 'old'])
    },
  )
})

async function standsStill(begun: readonly unknown[], last: number): Promise<false> {
  while (begun.length <= last) await sleep(1)
  await sleep(5)
  return false
}

describe('requirement 14: a checkpoint whose bytes have changed', () => {
  const damage = async (row: CheckpointFile | undefined, content: Uint8Array) => {
    await writeFile(storage.localPath(row?.objectKey ?? '') ?? '', content)
  }

  it('is refused for every single byte of a small one, and the one before is used', async () => {
    const rows: CheckpointFile[] = []
    await save(1, [older], rows)
    await save(2, newer, rows)
    const whole = Buffer.concat(newer)
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole)
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8))
      await damage(rows[0], changed)
      const { content, events } = await load(rows)
      expect({ at, isOlder: content?.equals(older), events }).toEqual({ at, isOlder: true, events: ['checkpoint_rejected', 'resumed'] })
    }
  })

  it('is refused for random flips in a large one, for a part that is missing, and for a file that is gone', async () => {
    const rows: CheckpointFile[] = []
    await save(1, [older], rows)
    const large = randomBytes(8 * 1024 ** 2)
    await save(2, [large], rows)
    const places = new Float64Array(24)
    fillUniform({ seed: 14, purpose: 'test', a: 0 }, places)
    for (const place of places) {
      const at = Math.floor(place * large.length)
      large[at] = (large[at] ?? 0) ^ 0x10
      await damage(rows[0], large)
      large[at] = (large[at] ?? 0) ^ 0x10
      expect((await load(rows)).content?.equals(older)).toBe(true)
    }
    await damage(rows[0], large.subarray(0, -1))
    expect((await load(rows)).content?.equals(older)).toBe(true)
    await storage.delete(rows[0]?.objectKey ?? '')
    expect((await load(rows)).content?.equals(older)).toBe(true)
  })

  it('is not stored when the disk gives back other bytes than the trainer wrote', async () => {
    const own = new TrainerDirectory(await mkdtemp(join(directory, 'trainer-')))
    const trainerFiles = new TrainerFiles({
      run: { runId: newUuid(), leaseEpoch: 3 } as ClaimedRun,
      storage,
      directory: own,
      isHeld: () => true,
      isEnding: () => false,
      onAlive: () => {},
      tell: () => {},
    })
    const write = async () => ({
      ...{ type: 'checkpoint' as const, kind: 'final' as const, step: 8, epoch: 2, metrics: {} },
      file: await writeFileDurably(join(own.work, 'step-8-final.safetensors'), newer),
    })
    const { sha256, objectKey = '' } = (await trainerFiles.storeCheckpoint(await write())) ?? {}
    expect(await storage.stat(objectKey)).toMatchObject({ bytes: 3501 })
    expect(sha256).toBe(digest(Buffer.concat(newer)))
    const message = await write()
    await writeFile(message.file.path, older)
    await expect(trainerFiles.storeCheckpoint(message)).rejects.toThrow(
      `The 3000 bytes to be stored have the SHA-256 ${digest(older).slice(0, 12)}…; expected ${digest(Buffer.concat(newer)).slice(0, 12)}….`,
    )
    // That of the same key before.
    expect(await storage.stat(objectKey)).toMatchObject({ bytes: 3501 })
  })

  it('begins the run anew when none is intact', async () => {
    const rows: CheckpointFile[] = []
    await save(1, [older], rows)
    await damage(rows[0], newer[0] ?? older)
    expect(await load(rows)).toEqual({ content: null, events: ['checkpoint_rejected', 'restarted'] })
  })
})
