// What follows from fitted transforms alone.

import type { FittedTransforms } from '@trainyard/contracts'

/** Shape of a sample as the model takes it. */
export function fittedShape(fitted: FittedTransforms): number[] {
  if (fitted.kind === 'columns') return [fitted.source.length]
  const [channels, height, width] = fitted.input
  return [fitted.grayscale ? 1 : channels, fitted.resize?.height ?? height, fitted.resize?.width ?? width]
}

/** The raw column that each number of a sample comes from; undefined for images. */
export function featureColumns(
  fitted: FittedTransforms,
  { columns }: { readonly columns?: readonly string[] | undefined },
): readonly string[] | undefined {
  return fitted.kind === 'columns' ? fitted.source.map((column) => columns?.[column] ?? `column_${column}`) : undefined
}

interface Input {
  readonly kind: string
  readonly shape: readonly number[]
  readonly columns?: readonly string[]
}

/** x' = (x · scale − mean) / std and nothing else: what checkpoints without transforms mean. */
export function fittedFromNormalization(
  { kind, shape, columns }: Input,
  { scale, mean, std }: { readonly scale: number; readonly mean: readonly number[]; readonly std: readonly number[] },
): FittedTransforms {
  const factor = std.map((deviation) => scale / deviation)
  const offset = mean.map((value, i) => -value / (std[i] ?? 1))
  if (kind === 'image') {
    const [channels = 1, height = 1, width = 1] = shape
    return { kind: 'image', input: [channels, height, width], resize: null, grayscale: false, factor, offset }
  }
  const inputs = shape[0] ?? 0
  const nothing = new Array<null>(inputs).fill(null)
  return {
    kind: 'columns',
    inputs,
    names: Array.from({ length: inputs }, (_, i) => columns?.[i] ?? `column_${i}`),
    source: Array.from({ length: inputs }, (_, i) => i),
    equals: nothing,
    fill: nothing,
    factor,
    offset,
  }
}
