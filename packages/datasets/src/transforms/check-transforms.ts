// Which transforms fit which data, and what shape comes out: known before anything is read.

import type { DatasetManifest, FittedTransforms } from '@trainyard/contracts'
import type { Transform } from '@trainyard/engine/spec'
import type { Issue } from '@trainyard/errors'
import { defaultTransforms, fitTransforms } from './fit.ts'
import { featureColumns, fittedShape } from './fitted.ts'

/** Numbers per sample that transforms may make. */
const SIZE_MAX = 1 << 24
const ON_IMAGES = new Set<Transform['type']>(['standardize', 'min_max', 'normalize', 'resize', 'grayscale'])
const ON_COLUMNS = new Set<Transform['type']>(['impute', 'one_hot', 'standardize', 'min_max', 'normalize'])
const GEOMETRIC = new Set<Transform['type']>(['resize', 'grayscale'])

type Manifest = Pick<DatasetManifest, 'input' | 'normalization' | 'statistics' | 'splits'>

interface Choice {
  readonly transforms?: readonly Transform[] | undefined
  readonly normalization: 'standardize' | 'unit'
}

/** The list of a training configuration, or what happens without one. */
export function chosenTransforms(input: DatasetManifest['input'], { transforms, normalization }: Choice): readonly Transform[] {
  return transforms ?? defaultTransforms(input, normalization)
}

/** Shape of a sample as the model gets it. Meaningful where checkTransforms finds nothing. */
export function transformedShape(manifest: Manifest, choice: Choice): number[] {
  return fittedShape(withoutMoments(manifest, choice))
}

/** The raw column that each number of a sample comes from; undefined for images. */
export function transformedColumns(manifest: Manifest, choice: Choice): readonly string[] | undefined {
  return manifest.input.kind === 'image' ? undefined : featureColumns(withoutMoments(manifest, choice), manifest.input)
}

/** Moments decide about numbers only, never about shapes. */
function withoutMoments(manifest: Manifest, choice: Choice): FittedTransforms {
  const nothing = () => ({ mean: [0, 0, 0], std: [1, 1, 1] })
  return fitTransforms(manifest, chosenTransforms(manifest.input, choice), nothing)
}

/** @param path of the list in what the user sent */
export function checkTransforms(manifest: Manifest, choice: Choice, path: string): readonly Issue[] {
  const { transforms } = choice
  if (transforms === undefined) return []
  const issues = transforms.flatMap((transform, i) => [
    ...checkKind(manifest.input, transform, `${path}[${i}]`),
    ...checkColumns(manifest.input, transform, `${path}[${i}]`),
  ])
  if (issues.length > 0) return issues
  const misplaced = checkOrder(transforms, path)
  if (misplaced.length > 0) return misplaced
  return [...checkSizes(manifest, transforms, path), ...checkMissing(manifest, choice, path)]
}

function checkKind({ kind }: DatasetManifest['input'], { type }: Transform, path: string): Issue[] {
  const fits = kind === 'image' ? ON_IMAGES : ON_COLUMNS
  if (fits.has(type)) return []
  const what = kind === 'image' ? 'images' : 'tables'
  return [{ path, code: 'transform_mismatch', message: `"${type}" is not for ${what}.`, hint: `Use one of: ${[...fits].join(', ')}.` }]
}

function checkColumns(input: DatasetManifest['input'], transform: Transform, path: string): Issue[] {
  if (!('columns' in transform) || transform.columns === undefined) return []
  if (input.kind === 'image') {
    return [{ path: `${path}.columns`, code: 'transform_mismatch', message: 'Images have no columns.', hint: 'Leave out "columns".' }]
  }
  const known = new Set(input.columns)
  return transform.columns.flatMap((column, i) =>
    known.has(column) || column.includes('=')
      ? []
      : [
          {
            path: `${path}.columns[${i}]`,
            code: 'no_such_column',
            message: `There is no column "${column}".`,
            hint: 'Name columns of the dataset.',
          },
        ],
  )
}

function checkOrder(transforms: readonly Transform[], path: string): Issue[] {
  const numeric = transforms.findIndex(({ type }) => !GEOMETRIC.has(type))
  const late = transforms.findIndex(({ type }, i) => GEOMETRIC.has(type) && numeric >= 0 && i > numeric)
  if (late < 0) return []
  const message = `"${transforms[late]?.type}" comes after "${transforms[numeric]?.type}". Expected what changes the picture first.`
  return [{ path: `${path}[${late}]`, code: 'transform_order', message, hint: 'Put resize and grayscale before the others.' }]
}

function checkSizes(manifest: Manifest, transforms: readonly Transform[], path: string): Issue[] {
  const { input } = manifest
  const issues: Issue[] = []
  transforms.forEach((transform, i) => {
    if (transform.type !== 'normalize') return
    const before = transformedShape(manifest, { transforms: transforms.slice(0, i), normalization: 'unit' })
    const expected = before[0] ?? 0
    for (const field of ['mean', 'std'] as const) {
      if (transform[field].length === expected) continue
      const what = input.kind === 'image' ? 'channels' : 'columns'
      const message = `There are ${transform[field].length} numbers. Expected ${expected}, one for each of the ${what}.`
      issues.push({ path: `${path}[${i}].${field}`, code: 'wrong_size', message, hint: `Give ${expected} numbers.` })
    }
  })
  const shape = transformedShape(manifest, { transforms, normalization: 'unit' })
  const size = shape.reduce((product, length) => product * length, 1)
  if (size > SIZE_MAX) {
    const message = `A sample becomes ${size} numbers. Expected at most ${SIZE_MAX}.`
    issues.push({ path, code: 'sample_too_large', message, hint: 'Use a smaller size.' })
  }
  return issues
}

/** Missing values that would reach the model make every loss NaN. */
function checkMissing({ input, statistics }: Manifest, { transforms = [] }: Choice, path: string): Issue[] {
  if (input.kind === 'image') return []
  return input.columns.flatMap((column, i) => {
    if ((statistics?.missing[i] ?? 0) === 0) return []
    const isFilled = transforms.some(
      (transform) =>
        (transform.type === 'impute' || (transform.type === 'one_hot' && (input.categories?.[i] ?? null) !== null)) &&
        (transform.columns === undefined || transform.columns.includes(column)),
    )
    if (isFilled) return []
    const message = `Column "${column}" has ${statistics?.missing[i]} missing values in the training split, and nothing fills them.`
    return [{ path, code: 'missing_values', message, hint: 'Add {"type": "impute"} before the others.' }]
  })
}
