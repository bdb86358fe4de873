// Fits the transforms of a training run to its dataset; reads the training split only where the list needs it.

import { closeSync, openSync } from 'node:fs'
import type { DatasetManifest, FittedTransforms } from '@trainyard/contracts'
import type { Transform } from '@trainyard/engine/spec'
import { openSplit, readFully } from '../batches/shard-rows.ts'
import { chosenTransforms } from './check-transforms.ts'
import { fitTransforms } from './fit.ts'
import { momentsOf } from './image-moments.ts'

export interface FitRequest {
  readonly manifest: DatasetManifest
  readonly shardPaths: Readonly<Record<string, string>>
  /** Of the training configuration. */
  readonly training: { readonly transforms?: readonly Transform[] | undefined; readonly normalization: 'standardize' | 'unit' }
}

export function fitTransformsOf({ manifest, shardPaths, training }: FitRequest): FittedTransforms {
  const list = chosenTransforms(manifest.input, training)
  return fitTransforms(manifest, list, (fitted) => momentsOf(fitted, trainingImages(manifest, shardPaths)))
}

/** One after another, each valid until the next. */
function* trainingImages(manifest: DatasetManifest, shardPaths: FitRequest['shardPaths']): Generator<Uint8Array> {
  const { shards, sampleSize } = openSplit(manifest, shardPaths, 'train', 0)
  const row = new Uint8Array(sampleSize)
  for (const { path, rows, sampleOffset } of shards) {
    const file = openSync(path, 'r')
    try {
      for (let i = 0; i < rows; i++) {
        readFully(file, row, sampleOffset + i * sampleSize)
        yield row
      }
    } finally {
      closeSync(file)
    }
  }
}
