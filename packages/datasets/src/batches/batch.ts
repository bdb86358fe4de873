// What the training loop takes.

export interface Batch {
  /** [batchSize, …input shape], normalized; the places after `count` repeat rows of the batch. Valid until the next call of `next()`. */
  readonly samples: Float32Array
  /** Class indices [batchSize], or values [batchSize, size]; of a reconstruction, the samples before corruption. */
  readonly targets: Int32Array | Float32Array
  /** [batchSize, …input shape], the samples before corruption, where they are asked for beside the labels. */
  readonly originals: Float32Array | undefined
  /** Rows that are real: less than the batch size only in the last batch of an epoch. */
  readonly count: number
  /** 0-based. */
  readonly epoch: number
  /** 0-based. */
  readonly stepInEpoch: number
}

export interface BatchStream {
  /** Rows per epoch. */
  readonly rows: number
  readonly stepsPerEpoch: number
  /** Who gathers the next batch; `thread` only once it has started. */
  readonly source: 'thread' | 'caller'
  /** The next batch; blocks until it is there. Never ends: epochs follow each other. */
  next(): Batch
  close(): void
}

export type MutableBatch = { -readonly [K in keyof Batch]: Batch[K] }
