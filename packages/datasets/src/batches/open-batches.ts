// The stream of training batches. Where a batch is worth it, a second thread gathers batch k + 1 while the trainer computes with batch k.

import type { DatasetManifest, FittedTransforms } from '@trainyard/contracts'
import type { Augmentation } from '@trainyard/engine/spec'
import { TrainyardError } from '@trainyard/errors'
import { fittedFromNormalization } from '../transforms/fitted.ts'
import type { Batch, BatchStream, MutableBatch } from './batch.ts'
import { BatchOrder, type OrderOptions } from './batch-order.ts'
import { DataThread, type SlotBuffers } from './data-thread.ts'
import { type BatchTarget, Gatherer, type GatherOptions, sampleLayout, targetLayout } from './gather.ts'
import { openSplit } from './shard-rows.ts'

/** Buffers that are filled in turn: one in use, one ready, one being filled. */
const SLOTS = 3
/**
 * Numbers in a batch from which a thread pays: gathering 16,384 takes about 60 µs; starting the thread, about 250 ms of one core.
 */
const THREAD_NUMBERS_MIN = 16_384
/** To augment a number costs about as much as to gather so many. */
const AUGMENTED_NUMBERS = 8

export interface BatchesRequest {
  readonly manifest: DatasetManifest
  /** Key of each shard in the manifest → path of its file. */
  readonly shardPaths: Readonly<Record<string, string>>
  /** Default: train. */
  readonly split?: string
  readonly batchSize: number
  /** 0 … 2^32 − 1. Default: 0. */
  readonly seed?: number
  /** A new order every epoch. Default: true. */
  readonly shuffle?: boolean
  /** Only so many rows, drawn by the seed. Default: all. */
  readonly sampleLimit?: number | undefined
  /** Leave out a last batch that is not full. Default: false. */
  readonly dropLast?: boolean
  /** Changes of the samples, drawn by the seed; they fit the input (validateAugmentation). Default: none. */
  readonly augmentation?: readonly Augmentation[]
  /** Default: the normalization of the manifest. */
  readonly transforms?: FittedTransforms
  /** 'input': the targets are the normalized samples before their corruption; 'both': they come beside the labels. Default: 'label'. */
  readonly target?: BatchTarget
  /** Global step (0-based) of the first batch: a resumed run gives the number of steps done. Default: 0. */
  readonly startStep?: number
  /** Default: `auto`, by the size of a batch. Both give the same bits. */
  readonly thread?: 'auto' | 'always' | 'never'
  /** Data of the split that is kept in memory; above it, rows are read from the files. Default: 1 GiB. */
  readonly memoryBytesMax?: number
}

/**
 * Returns at once: until the thread has started, batches are gathered by the caller.
 * @throws TrainyardError when the split does not exist, a shard is damaged, or the buffers do not fit into memory
 * @example
 * const batches = openBatches({ manifest, shardPaths, batchSize: 128, seed: 7 })
 * for (let step = 1; step <= total; step++) session.trainStep(batches.next(), learningRate, step)
 * batches.close()
 */
export function openBatches(request: BatchesRequest): BatchStream {
  const { manifest, shardPaths, split = 'train', batchSize, seed = 0, shuffle = true, startStep = 0, thread = 'auto' } = request
  const { augmentation = [], target = 'label', dropLast = false, sampleLimit = null } = request
  const rows = openSplit(manifest, shardPaths, split, request.memoryBytesMax)
  const order: OrderOptions = { rows: rows.rows, batchSize, seed, shuffle, sampleLimit, dropLast }
  const transforms = request.transforms ?? fittedFromNormalization(manifest.input, manifest.normalization)
  const gather: GatherOptions = { split: rows, transforms, target, augmentation, seed }
  const batchOrder = new BatchOrder(order)
  if (batchOrder.stepsPerEpoch === 0) throw noFullBatch(batchOrder.rows, batchSize)
  const slots = allocateSlots(gather, batchSize)
  const numbers = batchSize * sampleLayout(gather).size * (augmentation.length === 0 ? 1 : AUGMENTED_NUMBERS)
  const wanted = thread === 'always' || (thread === 'auto' && numbers >= THREAD_NUMBERS_MIN)
  const dataThread = wanted ? new DataThread({ gather, order, slots: slots.map(({ buffers }) => buffers) }) : null
  return new Stream(batchOrder, batchSize, new Gatherer(gather), slots, dataThread, startStep)
}

/** A slot's memory, shared with the thread, and the batch object over it. */
interface Slot {
  readonly buffers: SlotBuffers
  readonly batch: MutableBatch
}

class Stream implements BatchStream {
  #step: number
  #closed = false

  constructor(
    readonly order: BatchOrder,
    readonly batchSize: number,
    readonly gatherer: Gatherer,
    readonly slots: readonly Slot[],
    readonly thread: DataThread | null,
    startStep: number,
  ) {
    this.#step = startStep
  }

  get rows(): number {
    return this.order.rows
  }
  get stepsPerEpoch(): number {
    return this.order.stepsPerEpoch
  }

  get source(): 'thread' | 'caller' {
    return this.thread?.isRunning === true ? 'thread' : 'caller'
  }

  next(): Batch {
    if (this.#closed) throw new Error('next() after close()')
    const step = this.#step++
    const { batch } = this.slots[step % SLOTS] as Slot
    const stepInEpoch = step % this.stepsPerEpoch
    const from = stepInEpoch * this.batchSize
    batch.epoch = (step - stepInEpoch) / this.stepsPerEpoch
    batch.stepInEpoch = stepInEpoch
    batch.count = Math.min(this.batchSize, this.rows - from)
    if (this.thread === null || !this.thread.take(step)) {
      this.gatherer.gather(this.order.epoch(batch.epoch), batch.epoch, from, from + batch.count, batch)
    }
    return batch
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.thread?.close()
    this.gatherer.close()
  }
}

function allocateSlots(options: GatherOptions, batchSize: number): Slot[] {
  const { size: sampleSize } = sampleLayout(options)
  const { size, type } = targetLayout(options)
  try {
    return Array.from({ length: SLOTS }, () => {
      const samples = new SharedArrayBuffer(batchSize * sampleSize * 4)
      const targets = new SharedArrayBuffer(batchSize * size * 4)
      const targetView = type === 'I32' ? new Int32Array(targets) : new Float32Array(targets)
      const originals = options.target === 'both' ? new SharedArrayBuffer(batchSize * sampleSize * 4) : undefined
      const originalsView = originals && new Float32Array(originals)
      return {
        buffers: { samples, targets, originals },
        batch: { samples: new Float32Array(samples), targets: targetView, originals: originalsView, count: 0, epoch: 0, stepInEpoch: 0 },
      }
    })
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    const bytes = SLOTS * batchSize * (sampleSize + size) * 4
    const detail = `${SLOTS} batches of ${batchSize} samples of ${sampleSize} numbers and their targets need ${bytes} bytes`
    throw new TrainyardError('out_of_memory', { detail, hint: 'Reduce batch_size.', cause })
  }
}

function noFullBatch(rows: number, batchSize: number): TrainyardError {
  return new TrainyardError('invalid_training', {
    detail: `with drop_last, ${rows} training rows make no batch of ${batchSize}`,
    hint: `Use a batch size of at most ${rows}, or no drop_last.`,
  })
}
