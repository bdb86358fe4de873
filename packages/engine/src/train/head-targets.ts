// What each head of a model is compared with, taken from the batches of a dataset. Nothing is allocated per batch.

import type { TrainedHead } from '../spec/head-config.ts'
import type { Batch } from './session.ts'

/** Where the targets of a head come from. */
export type TargetSource =
  /** The label of each row: a class, or all its values. */
  | { readonly from: 'label' }
  /** The sample before noise and masking. */
  | { readonly from: 'input' }
  /** The coarse class of each class: `of[class]`. */
  | { readonly from: 'coarse'; readonly of: readonly number[] }
  /** Some of the `size` values of a row. */
  | { readonly from: 'columns'; readonly size: number; readonly positions: readonly number[] }

export type Targets = Int32Array | Float32Array

/** Gives the targets of a batch; what it returns is valid until its next call. */
export type TargetReader = (batch: Batch) => Targets

/** What a dataset's labels are made of. */
export interface LabelDescription {
  /** Class → coarse class; absent where there are none. */
  readonly coarseOf?: readonly number[] | undefined
  /** Names of the values of a row; absent for other targets. */
  readonly columns?: readonly string[] | undefined
  /** False where a dataset has inputs only: then everything is a reconstruction. */
  readonly isLabelled: boolean
}

/** @throws Error where the dataset does not have what a head asks for: validate what comes from outside first */
export function targetSources(heads: readonly TrainedHead[], labels: LabelDescription): readonly TargetSource[] {
  return heads.map(({ target, name }): TargetSource => {
    // A single output without a name has its targets where the batches have them, whatever they are.
    if (target === 'label') return name !== null && !labels.isLabelled ? { from: 'input' } : { from: 'label' }
    if (target === 'input') return { from: 'input' }
    if (target === 'coarse') {
      if (labels.coarseOf === undefined) throw new Error(`head "${name}": the dataset has no coarse classes`)
      return { from: 'coarse', of: labels.coarseOf }
    }
    const { columns = [] } = labels
    const positions = target.columns.map((column) => columns.indexOf(column))
    if (positions.includes(-1)) throw new Error(`head "${name}": the dataset has the targets ${columns.join(', ')}`)
    return { from: 'columns', size: columns.length, positions }
  })
}

/** @param elements of the targets of a whole batch */
export function targetReader(source: TargetSource, elements: number): TargetReader {
  if (source.from === 'label') return ({ targets }) => targets
  if (source.from === 'input') {
    return ({ originals }) => {
      if (originals === undefined)
        throw new Error('a head reconstructs its input, but the batches do not have the samples before corruption')
      return originals
    }
  }
  if (source.from === 'coarse') {
    const { of } = source
    const coarse = new Int32Array(elements)
    return ({ targets, count }) => {
      for (let i = 0; i < count; i++) coarse[i] = of[targets[i] ?? 0] ?? 0
      return coarse
    }
  }
  const { size, positions } = source
  const values = new Float32Array(elements)
  return ({ targets, count }) => {
    for (let i = 0, at = 0; i < count; i++) {
      for (const position of positions) values[at++] = targets[i * size + position] ?? Number.NaN
    }
    return values
  }
}
