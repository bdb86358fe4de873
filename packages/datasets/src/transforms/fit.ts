// From a list of transforms and what the manifest says of the training split to fitted transforms. Columns are followed through the list by their
// statistics alone, so that no row is read; only images whose pixels change before they are standardized need a pass over the training split.

import type { DatasetManifest, FittedColumns, FittedImage, FittedTransforms } from '@trainyard/contracts'
import type { Transform } from '@trainyard/engine/spec'

/** Pixels are 0 … 1 before anything else. */
const PIXEL_SCALE = 1 / 255

/** Mean and deviation per channel of the training images after their geometric transforms, of pixels from 0 to 1. */
export type ImageMoments = (fitted: FittedImage) => { readonly mean: readonly number[]; readonly std: readonly number[] }

type Manifest = Pick<DatasetManifest, 'input' | 'normalization' | 'statistics' | 'splits'>

/** What is done without a word: missing values filled with the mean, categories one-hot, and the normalization of the configuration. */
export function defaultTransforms(input: DatasetManifest['input'], normalization: 'standardize' | 'unit'): Transform[] {
  const scaling: Transform[] = normalization === 'standardize' ? [{ type: 'standardize' }] : []
  if (input.kind === 'image') return scaling
  const impute: Transform = { type: 'impute', strategy: 'mean', value: 0, indicator: false }
  // One-hot columns are 0 and 1 already: they are not standardized, as is usual for them.
  const numbers = input.columns.filter((_, i) => (input.categories?.[i] ?? null) === null)
  if (numbers.length === input.columns.length) return [impute, ...scaling]
  const scaled: Transform[] = numbers.length === 0 ? [] : scaling.map((transform) => ({ ...transform, columns: numbers }) as Transform)
  return [impute, ...scaled, { type: 'one_hot' }]
}

/**
 * @param transforms valid for the dataset: checkTransforms
 * @param moments reads the training split; called only where a list needs it
 */
export function fitTransforms(manifest: Manifest, transforms: readonly Transform[], moments: ImageMoments): FittedTransforms {
  return manifest.input.kind === 'image' ? fitImage(manifest, transforms, moments) : fitColumns(manifest, transforms)
}

function fitImage({ input, normalization }: Manifest, transforms: readonly Transform[], moments: ImageMoments): FittedImage {
  const [channels = 1, height = 1, width = 1] = input.shape
  const fitted: FittedImage = {
    kind: 'image',
    input: [channels, height, width],
    resize: null,
    grayscale: false,
    factor: new Array<number>(channels).fill(PIXEL_SCALE),
    offset: new Array<number>(channels).fill(0),
  }
  const scaleWith = (mean: readonly number[], std: readonly number[]) => {
    fitted.factor = std.map((deviation) => PIXEL_SCALE / deviation)
    fitted.offset = mean.map((value, i) => -value / (std[i] ?? 1))
  }
  for (const transform of transforms) {
    if (transform.type === 'resize') fitted.resize = { height: transform.height, width: transform.width }
    else if (transform.type === 'grayscale') {
      fitted.grayscale = channels > 1
      fitted.factor = [PIXEL_SCALE]
      fitted.offset = [0]
    } else if (transform.type === 'standardize') {
      const isUntouched = fitted.resize === null && !fitted.grayscale
      const { mean, std } = isUntouched ? normalization : moments(fitted)
      scaleWith(mean, std)
    } else if (transform.type === 'normalize') scaleWith(transform.mean, transform.std)
    else if (transform.type === 'min_max') {
      const { low, high } = transform
      fitted.factor = fitted.factor.map(() => (high - low) / 255)
      fitted.offset = fitted.offset.map(() => low)
    }
  }
  return fitted
}

/** A column on its way through the list: how it is computed, and the statistics of its present value over the training rows. */
interface Feature {
  readonly name: string
  readonly source: number
  readonly equals: number | null
  readonly categories: readonly string[] | null
  fill: number | null
  factor: number
  offset: number
  missing: number
  mean: number
  std: number
  min: number
  max: number
}

function fitColumns(manifest: Manifest, transforms: readonly Transform[]): FittedColumns {
  const { input } = manifest
  const rows = manifest.splits.train?.rows ?? 0
  let features = firstFeatures(manifest)
  for (const transform of transforms) {
    const names = 'columns' in transform && transform.columns !== undefined ? new Set(transform.columns) : null
    const isChosen = (feature: Feature) =>
      names === null || names.has(feature.name) || names.has(input.kind === 'features' ? (input.columns[feature.source] ?? '') : '')
    const change = CHANGES[transform.type] as (feature: Feature, transform: Transform, context: ChangeContext) => readonly Feature[]
    const context: ChangeContext = { manifest, rows, index: (feature) => features.indexOf(feature) }
    features = features.flatMap((feature) => (isChosen(feature) ? change(feature, transform, context) : [feature]))
  }
  return {
    kind: 'columns',
    inputs: input.shape[0] ?? 0,
    names: features.map(({ name }) => name),
    source: features.map(({ source }) => source),
    equals: features.map(({ equals }) => equals),
    fill: features.map(({ fill }) => fill),
    factor: features.map(({ factor }) => factor),
    offset: features.map(({ offset }) => offset),
  }
}

function firstFeatures({ input, normalization, statistics }: Manifest): Feature[] {
  if (input.kind !== 'features') return []
  return input.columns.map((name, i) => ({
    name,
    source: i,
    equals: null,
    categories: input.categories?.[i] ?? null,
    fill: null,
    factor: 1,
    offset: 0,
    missing: statistics?.missing[i] ?? 0,
    mean: normalization.mean[i] ?? 0,
    std: normalization.std[i] ?? 1,
    min: statistics?.min[i] ?? 0,
    max: statistics?.max[i] ?? 0,
  }))
}

interface ChangeContext {
  readonly manifest: Manifest
  readonly rows: number
  index(feature: Feature): number
}

type Change<T extends Transform['type']> = (
  feature: Feature,
  transform: Extract<Transform, { type: T }>,
  context: ChangeContext,
) => readonly Feature[]

const keep = (feature: Feature): readonly Feature[] => [feature]

const CHANGES: { readonly [T in Transform['type']]: Change<T> } = {
  impute: (feature, { strategy, value, indicator }, { manifest, rows }) => {
    if (feature.equals !== null || feature.fill !== null) return [feature]
    const filled = imputed(feature, fillValue(feature, strategy, value, manifest), rows)
    if (!indicator) return [filled]
    const share = rows === 0 ? 0 : feature.missing / rows
    return [filled, binary(feature, `${feature.name}=missing`, -1, share)]
  },
  one_hot: (feature, _, { manifest, rows }) => {
    if (feature.categories === null || feature.equals !== null) return [feature]
    const counts = manifest.statistics?.category_counts[feature.source] ?? []
    // A missing value that is filled counts as what it is filled with.
    return feature.categories.map((label, code) => {
      const filled = feature.fill === code ? (manifest.statistics?.missing[feature.source] ?? 0) : 0
      const share = rows === 0 ? 0 : ((counts?.[code] ?? 0) + filled) / rows
      return binary(feature, `${feature.name}=${label}`, code, share)
    })
  },
  standardize: (feature) => [affine(feature, feature.mean, 1 / feature.std, feature.std)],
  min_max: (feature, { low, high }) => {
    const span = feature.max > feature.min ? feature.max - feature.min : 1
    const scale = (high - low) / span
    const scaled = affine(feature, feature.min, scale, 1 / scale)
    return [{ ...scaled, offset: scaled.offset + low, mean: scaled.mean + low, min: scaled.min + low, max: scaled.max + low }]
  },
  normalize: (feature, { mean, std }, { index }) => {
    const i = index(feature)
    return [affine(feature, mean[i] ?? 0, 1 / (std[i] ?? 1), std[i] ?? 1)]
  },
  resize: keep,
  grayscale: keep,
}

/** (x − centre) · scale, where scale = 1 / divisor: by division, so that the plain case has the same bits as a normalization. */
function affine(feature: Feature, centre: number, scale: number, divisor: number): Feature {
  const at = (value: number) => (value - centre) * scale
  return {
    ...feature,
    factor: feature.factor === 1 ? scale : feature.factor * scale,
    offset: feature.offset === 0 ? -centre / divisor : (feature.offset - centre) * scale,
    mean: at(feature.mean),
    std: Math.abs(feature.std * scale),
    min: Math.min(at(feature.min), at(feature.max)),
    max: Math.max(at(feature.min), at(feature.max)),
  }
}

function binary({ source, fill }: Feature, name: string, equals: number, share: number): Feature {
  const std = Math.sqrt(share * (1 - share))
  const statistics = { missing: 0, mean: share, std: std > 0 ? std : 1, min: 0, max: 1 }
  // The fill belongs to the raw value: a filled category is that category.
  return { name, source, equals, categories: null, fill: equals >= 0 ? fill : null, factor: 1, offset: 0, ...statistics }
}

/** In raw units. */
function fillValue(
  { source, categories, mean, factor, offset }: Feature,
  strategy: string,
  value: number,
  { statistics }: Manifest,
): number {
  if (categories !== null) return statistics?.mode[source] ?? 0
  if (strategy === 'constant') return (value - offset) / factor
  if (strategy === 'mean') return (mean - offset) / factor
  const known = strategy === 'median' ? statistics?.median[source] : statistics?.mode[source]
  return known ?? (mean - offset) / factor
}

/** Exact: what filling does to mean and deviation follows from the counts. */
function imputed(feature: Feature, fill: number, rows: number): Feature {
  const { missing, mean, std, factor, offset } = feature
  const present = rows - missing
  if (missing === 0 || rows === 0 || feature.categories !== null) return { ...feature, fill, missing: 0 }
  const value = fill * factor + offset
  const centre = (present * mean + missing * value) / rows
  const variance = (present * (std ** 2 + (mean - centre) ** 2) + missing * (value - centre) ** 2) / rows
  return {
    ...feature,
    fill,
    missing: 0,
    mean: centre,
    std: variance > 0 ? Math.sqrt(variance) : 1,
    min: present === 0 ? value : Math.min(feature.min, value),
    max: present === 0 ? value : Math.max(feature.max, value),
  }
}
