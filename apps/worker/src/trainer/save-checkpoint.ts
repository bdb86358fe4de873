// The state of a training run as a file in the work directory, and the message that says so.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CheckpointKind } from '@trainyard/contracts'
import { type CheckpointMetadata, encodeCheckpoint, type Session, type StateTensors } from '@trainyard/engine/train'
import { isStorageFull } from '@trainyard/errors'
import type { Channel } from './channel.ts'
import { type WrittenFile, writeFileDurably } from './checkpoint-file.ts'

/** Milliseconds between two attempts to write a checkpoint that waits for space. */
const RETRY_MS = 500

export interface SaveOptions {
  readonly directory: string
  readonly kind: CheckpointKind
  readonly metadata: CheckpointMetadata
  /** Weights that early stopping will restore; null where there are none beside the session's. */
  readonly best: StateTensors | null
  readonly session: Session
}

/**
 * On a full disk a periodic checkpoint is left out, since training goes on and the next one takes its place. The final one waits for space, and
 * so does the last one of a trainer that is to stop: until it is killed when its grace is over.
 * @returns false when nothing was saved: no space, and no reason to wait for it
 */
export async function saveCheckpoint(options: SaveOptions, channel: Channel): Promise<boolean> {
  const { kind, metadata } = options
  const { step, epoch, metrics } = metadata
  for (let attempt = 0; ; attempt++) {
    const file = await write(options)
    if (file !== null) {
      channel.send({ type: 'checkpoint', kind, step, epoch, file, metrics })
      return true
    }
    const { stopRequested } = channel
    const isWaiting = stopRequested === null ? kind === 'final' : stopRequested !== 'cancel'
    const what = isWaiting ? 'Waiting for space.' : 'It is left out; the one before stays.'
    if (attempt === 0) channel.event('checkpoint_failed', `The disk is full: no space for the checkpoint of step ${step}. ${what}`)
    if (!isWaiting) return false
    channel.report({ phase: 'saving', step, epoch, samplesPerSecond: null }, { now: true })
    await sleep(RETRY_MS)
  }
}

/** @returns null when the disk is full */
async function write({ directory, kind, metadata, best, session }: SaveOptions): Promise<WrittenFile | null> {
  const { chunks } = encodeCheckpoint({ metadata, state: session.exportState(), best })
  try {
    return await writeFileDurably(join(directory, `step-${metadata.step}-${kind}.safetensors`), chunks)
  } catch (error) {
    if (isStorageFull(error)) return null
    throw error
  }
}
