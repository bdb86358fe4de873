// The fitted transforms of a checkpoint.

import { type FittedTransforms, fittedTransformsSchema } from '@trainyard/contracts'
import { fittedFromNormalization } from '@trainyard/datasets'
import type { Checkpoint } from '@trainyard/engine/train'

/** Null for a checkpoint of before there were transforms. */
export function fittedOf({ metadata }: Checkpoint): FittedTransforms | null {
  const { transforms } = metadata.dataset
  return transforms === undefined ? null : fittedTransformsSchema.parse(transforms)
}

export function transformsOf(checkpoint: Checkpoint): FittedTransforms {
  const { input, normalization } = checkpoint.metadata.dataset
  return fittedOf(checkpoint) ?? fittedFromNormalization(input, normalization)
}
