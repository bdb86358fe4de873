// A whole split once, in its stored order, for evaluation. In the caller's thread: one pass, no look-ahead.

import { fittedFromNormalization } from '../transforms/fitted.ts'
import type { Batch, MutableBatch } from './batch.ts'
import { Gatherer, type GatherOptions, sampleLayout, targetLayout } from './gather.ts'
import type { BatchesRequest } from './open-batches.ts'
import { openSplit } from './shard-rows.ts'

export interface SplitReader {
  readonly rows: number
  readonly steps: number
  /** Batch `step` of 0 … steps − 1. The object and its arrays are reused. */
  batch(step: number): Batch
  close(): void
}

/**
 * @example
 * for (let step = 0; step < test.steps; step++) session.evaluateBatch(test.batch(step))
 */
export function openSplitReader(
  request: Pick<BatchesRequest, 'manifest' | 'shardPaths' | 'batchSize' | 'memoryBytesMax' | 'target' | 'transforms'> & {
    readonly split: string
  },
): SplitReader {
  const { manifest, shardPaths, split, batchSize, target = 'label' } = request
  const source = openSplit(manifest, shardPaths, split, request.memoryBytesMax)
  const transforms = request.transforms ?? fittedFromNormalization(manifest.input, manifest.normalization)
  const gather: GatherOptions = { split: source, transforms, target, augmentation: [], seed: 0 }
  const gatherer = new Gatherer(gather)
  const { size, type } = targetLayout(gather)
  const batch: MutableBatch = {
    samples: new Float32Array(batchSize * sampleLayout(gather).size),
    targets: type === 'I32' ? new Int32Array(batchSize * size) : new Float32Array(batchSize * size),
    originals: target === 'both' ? new Float32Array(batchSize * sampleLayout(gather).size) : undefined,
    count: 0,
    epoch: 0,
    stepInEpoch: 0,
  }
  const steps = Math.ceil(source.rows / batchSize)
  return {
    rows: source.rows,
    steps,
    batch(step) {
      if (!Number.isInteger(step) || step < 0 || step >= steps)
        throw new RangeError(`there is no batch ${step}; expected 0 to ${steps - 1}`)
      const from = step * batchSize
      batch.count = Math.min(batchSize, source.rows - from)
      batch.stepInEpoch = step
      gatherer.gather(null, 0, from, from + batch.count, batch)
      return batch
    },
    close: () => gatherer.close(),
  }
}
