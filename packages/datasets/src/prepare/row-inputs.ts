// What images and tables differ in while they are written.

import type { DatasetInput } from '@trainyard/contracts'
import type { Distribution } from '../sketch/quantiles.ts'
import type { Snapshot } from './resume/snapshot.ts'
import type { SpoolBlock } from './spool.ts'
import type { WrittenRows } from './write-rows.ts'

export interface RowInputs {
  readonly input: DatasetInput
  readonly sampleType: 'U8' | 'F32'
  readonly sampleShape: readonly number[]
  /** The samples of a block, by row. */
  samples(block: SpoolBlock): Uint8Array | Float32Array
  /** @param row of the block @param index of the row among all parsed rows */
  look(samples: Uint8Array | Float32Array, row: number, split: number, index: number): void
  hash(samples: Uint8Array | Float32Array, row: number): number
  /** What was counted so far. */
  snapshot(): Snapshot
  restore(state: Snapshot): void
  finish(): Pick<WrittenRows, 'normalization' | 'statistics' | 'columns' | 'images' | 'nearDuplicates'> & {
    /** Of the columns that are described. */
    readonly distributions: readonly Distribution[]
  }
}
