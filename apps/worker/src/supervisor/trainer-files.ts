// What a trainer has written, into the storage: checkpoints, states of preparations and shards. Only files of its own directory, and only while the lease is held.

import { realpath, rm } from 'node:fs/promises'
import { sep } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DatasetManifest, newUuid, storedFiles, type TrainerMessageOf, toWireNumber } from '@trainyard/contracts'
import type { ClaimedRun, NewCheckpoint, NewEvent, NewPreparationFile } from '@trainyard/database'
import { isStorageFull } from '@trainyard/errors'
import type { ObjectStorage, StoredObject } from '@trainyard/storage'
import { shardPrefix } from './start-message.ts'
import type { TrainerDirectory } from './trainer-directory.ts'

/** Milliseconds between two attempts to write where the storage was full. */
const SPACE_RETRY_MS = 500
/** The file that a state of a preparation itself is; the trainer makes no other while it is there. */
const STATE_FILE = /^state-/

export interface TrainerFilesOptions {
  readonly run: ClaimedRun
  readonly storage: ObjectStorage
  readonly directory: TrainerDirectory
  /** False from the moment on at which another worker might hold the run. */
  readonly isHeld: () => boolean
  /** Whether the run is to stop after a last checkpoint. */
  readonly isEnding: () => boolean
  /** A file was stored, or waits for space. */
  readonly onAlive: () => void
  /** For the run's events. */
  readonly tell: (event: NewEvent) => void
}

export class TrainerFiles {
  readonly #options: TrainerFilesOptions
  /** A state of the preparation was left out: those that follow name files of it. */
  #isKeepingOver = false

  constructor(options: TrainerFilesOptions) {
    this.#options = options
  }

  /**
   * @returns null when it was left out, or the lease was lost meanwhile
   * @throws TrainyardError internal when the file is not what the trainer says it wrote; nothing of it is stored
   */
  async storeCheckpoint(message: TrainerMessageOf<'checkpoint'>): Promise<NewCheckpoint | null> {
    const { run, isHeld } = this.#options
    if (!isHeld()) return null
    const { kind, step, epoch, metrics } = message
    const path = await this.#ownFile(message.file.path)
    const objectKey = `checkpoints/${run.runId}/${run.leaseEpoch}/step-${step}-${kind}.safetensors`
    const stored = await this.#putWithSpace(objectKey, path, message)
    await rm(path, { force: true })
    if (stored === null) return null
    const { bytes, sha256 } = stored
    const wireMetrics = Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, toWireNumber(value)]))
    return { id: newUuid(), kind, step, epoch, objectKey, bytes, sha256, metrics: wireMetrics }
  }

  /**
   * What is new of a preparation's state. Without space it is left out: the state before stays, which another attempt would go on from.
   * @returns null when it was left out, or the lease was lost meanwhile
   */
  async storeState({ files }: TrainerMessageOf<'kept'>): Promise<NewPreparationFile[] | null> {
    const { run, storage, isHeld, onAlive, tell } = this.#options
    if (this.#isKeepingOver) return null
    const added: NewPreparationFile[] = []
    for (const { name, path } of files) {
      if (path === null) continue
      if (!isHeld()) return null
      const own = await this.#ownFile(path)
      const objectKey = `checkpoints/${run.runId}/${run.leaseEpoch}/${name}`
      try {
        added.push({ name, objectKey, ...(await storage.putFile(objectKey, own, { mayCommit: isHeld })) })
      } catch (error) {
        if (!isHeld()) return null
        if (!isStorageFull(error)) throw error
        this.#isKeepingOver = true
        for (const file of added) await storage.delete(file.objectKey)
        tell({ type: 'checkpoint_failed', message: 'The storage is full: the preparation goes on, but what it has done is kept no more.' })
        return null
      }
      onAlive()
      if (STATE_FILE.test(name)) await rm(own, { force: true })
    }
    return added
  }

  /** @returns null when the lease was lost meanwhile */
  async storeShards({ manifest, files }: TrainerMessageOf<'prepared'>): Promise<DatasetManifest | null> {
    const { run, isHeld, onAlive } = this.#options
    if (run.config.kind !== 'prepare') throw new Error('the trainer sent a prepared dataset, but prepares none')
    const prefix = shardPrefix(run.projectId)
    const expected = new Map(storedFiles(manifest).map((file) => [file.key, file]))
    const missing = new Set(expected.keys())
    for (const { key, path } of files) {
      if (!isHeld()) return null
      const file = expected.get(key)
      if (file === undefined || !key.startsWith(`${prefix}${file.sha256}.`))
        throw new Error(`"${key}" is no file of the manifest below ${prefix}`)
      await this.#storeOnce(file, await this.#ownFile(path))
      missing.delete(key)
      onAlive()
    }
    if (missing.size > 0) throw new Error(`the manifest names files that were not written: ${[...missing].join(', ')}`)
    return manifest
  }

  /** Without space a periodic checkpoint is left out, since training goes on and the next one takes its place; the last one waits. */
  async #putWithSpace(key: string, path: string, { kind, step, file }: TrainerMessageOf<'checkpoint'>): Promise<StoredObject | null> {
    const { storage, isHeld, isEnding, onAlive, tell } = this.#options
    for (let attempt = 0; isHeld(); attempt++) {
      try {
        const stored = await storage.putFile(key, path, { mayCommit: isHeld, sha256: file.sha256 })
        onAlive()
        return stored
      } catch (error) {
        // Another attempt may be at work: nothing of this one appears any more.
        if (!isHeld()) break
        if (!isStorageFull(error)) throw error
        const isLast = kind === 'final' || isEnding()
        const what = isLast ? 'Waiting for space.' : 'It is left out; the one before stays.'
        const message = `The storage is full: no space for the checkpoint of step ${step}. ${what}`
        if (attempt === 0) tell({ type: 'checkpoint_failed', message })
        if (!isLast) break
        await sleep(SPACE_RETRY_MS)
        onAlive()
      }
    }
    return null
  }

  /** An object named by its content that is there already is the same. */
  async #storeOnce({ key, bytes, sha256 }: { key: string; bytes: number; sha256: string }, path: string): Promise<void> {
    const { storage } = this.#options
    if ((await storage.stat(key))?.bytes === bytes) return
    await storage.putFile(key, path, { sha256 })
  }

  /** A path that the trainer names, if it lies in its own directory. */
  async #ownFile(path: string): Promise<string> {
    const real = await realpath(path)
    if (!real.startsWith((await realpath(this.#options.directory.work)) + sep))
      throw new Error(`the trainer names a file outside of its directory: ${path}`)
    return real
  }
}
