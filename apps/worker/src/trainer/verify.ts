// Verifies a run: does the steps between two of its checkpoints again and compares what comes out with the second one, bit by bit.

import { createHash } from 'node:crypto'
import { type StartMessage, toWireId } from '@trainyard/contracts'
import { type CheckpointMetadata, encodeCheckpoint } from '@trainyard/engine/train'
import { TrainyardError } from '@trainyard/errors'
import type { Channel } from './channel.ts'
import { configOf } from './config-of.ts'
import { readCheckpoint } from './read-checkpoint.ts'
import { type OpenTraining, openTraining } from './train.ts'

/** Milliseconds that the clock of the loop goes on at each look: more than it works at a stretch, so that it hands over after every step. */
const TICK_MS = 1000
const BREATH_MS = 20

export async function runVerify(start: StartMessage, channel: Channel): Promise<void> {
  const { run_id, ...config } = configOf(start, 'verify')
  const from = await readCheckpoint(start.resume)
  const target = await readCheckpoint(start.source_checkpoint)
  if (target === null || start.source_checkpoint === null) throw new Error('a verification was given no checkpoint to arrive at')
  let time = 0
  const now = () => {
    time += TICK_MS
    return time
  }
  const training = openTraining({ start, config: { ...config, transfer: null }, resume: from, source: null, now }, channel)
  const startedAt = performance.now()
  try {
    const expected = start.source_checkpoint.sha256
    const sha256 = await replay(training, target.metadata, expected, channel)
    if (sha256 === null) {
      channel.send({ type: 'stopped', reason: channel.stopRequested ?? 'preempt', step: 0 })
      return
    }
    channel.send({
      type: 'done',
      result: {
        kind: 'verify',
        run_id: toWireId('run', run_id),
        from_step: from?.metadata.step ?? 0,
        to_step: target.metadata.step,
        equal: sha256 === expected,
        sha256,
        expected_sha256: expected,
        same_fingerprint: training.fingerprint === target.metadata.fingerprint,
        fingerprint: training.fingerprint,
        expected_fingerprint: target.metadata.fingerprint,
        seconds: (performance.now() - startedAt) / 1000,
      },
    })
  } finally {
    training.close()
  }
}

/**
 * A checkpoint at one step may stand before or after what else happens there (a point of the curve, an evaluation): one of these has to be equal.
 * @returns the digest; null when somebody wants an end
 */
async function replay(
  training: OpenTraining,
  { step, evaluated_step: evaluatedStep }: CheckpointMetadata,
  expected: string,
  channel: Channel,
): Promise<string | null> {
  const { loop } = training
  let found: string | null = null
  let breathedAt = performance.now()
  for (const event of loop.run()) {
    const { state } = loop
    if (state.step > step) break
    if (state.step === step && state.evaluatedStep === evaluatedStep) {
      found = digestOf(training)
      if (found === expected) return found
    }
    if (event.type !== 'breath' || performance.now() - breathedAt < BREATH_MS) continue
    channel.report({ phase: event.phase, step: state.step, epoch: loop.epoch, samplesPerSecond: null })
    await channel.breathe()
    breathedAt = performance.now()
    if (channel.stopRequested !== null) return null
  }
  if (found !== null) return found
  throw new TrainyardError('engine_failure', {
    detail: `The replay did not come by the checkpoint at step ${step} with its last evaluation at step ${evaluatedStep}.`,
  })
}

/** Of the file that a checkpoint would be. */
function digestOf({ loop, metadata, session }: OpenTraining): string {
  const hash = createHash('sha256')
  for (const chunk of encodeCheckpoint({ metadata: metadata(), state: session.exportState(), best: loop.best }).chunks) hash.update(chunk)
  return hash.digest('hex')
}
