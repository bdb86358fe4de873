// The state of a training run as a file in the work directory, and the message that says so.

import { join } from 'node:path'
import type { CheckpointKind } from '@trainyard/contracts'
import { type CheckpointMetadata, encodeCheckpoint, type Session } from '@trainyard/engine/train'
import type { Channel } from './channel.ts'
import { writeFileDurably } from './checkpoint-file.ts'

export interface SaveOptions {
  readonly directory: string
  readonly kind: CheckpointKind
  readonly metadata: CheckpointMetadata
  readonly session: Session
}

export async function saveCheckpoint({ directory, kind, metadata, session }: SaveOptions, channel: Channel): Promise<void> {
  const { step, epoch, metrics } = metadata
  const { chunks } = encodeCheckpoint({ metadata, state: session.exportState() })
  const file = await writeFileDurably(join(directory, `step-${step}-${kind}.safetensors`), chunks)
  channel.send({ type: 'checkpoint', kind, step, epoch, file, metrics })
}
