// A checkpoint: everything that a run needs to go on, or a model to be used, in one safetensors file.
// Tensors `model.*` and `optimizer.*` in plain row-major layouts; the rest as JSON in the metadata.

import { TrainyardError } from '@trainyard/errors'
import { z } from 'zod'
import {
  type EncodedFile,
  encode,
  type ParseOptions,
  parseHeader,
  readTensor,
  type SafetensorsHeader,
  type TensorData,
} from '../safetensors/index.ts'
import { parseWithIssues } from '../spec/issues.ts'
import { modelSpecSchema } from '../spec/model-spec.ts'
import { stateShapes } from '../spec/parameters.ts'
import { seedSchema, trainingConfigSchema } from '../spec/training-config.ts'
import type { StateTensor, StateTensors } from './state.ts'

/** Raised when old readers would misread a file. A checkpoint of any format stays readable. */
export const CHECKPOINT_FORMAT = 1

/** Where the JSON stands among the metadata. */
const METADATA_KEY = 'trainyard'

/** JSON has no NaN and no infinities; metrics have. */
const numberSchema = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)])
const count = z.int().nonnegative()

/** What the data looked like; further fields are kept as the manifest had them. */
const datasetSchema = z.looseObject({
  input: z.looseObject({ kind: z.string(), shape: z.array(z.int().positive()).min(1) }),
  target: z.union([
    z.looseObject({ kind: z.literal('class'), classes: z.array(z.string()).min(1) }),
    z.looseObject({ kind: z.literal('multi_label'), classes: z.array(z.string()).min(1) }),
    z.looseObject({ kind: z.literal('value'), size: z.int().positive() }),
    z.looseObject({ kind: z.literal('none') }),
  ]),
  /** x' = (x · scale − mean) / std, so that predictions take raw inputs. */
  normalization: z.looseObject({ scale: z.number(), mean: z.array(z.number()), std: z.array(z.number()) }),
  /** Fitted transforms, as the datasets package has them; in older files the normalization is all that is done. */
  transforms: z.looseObject({ kind: z.string() }).optional(),
})

const intervalSchema = z.object({
  samples: count,
  /** In the order of the model's outputs. */
  heads: z.array(z.object({ weight: numberSchema, loss_sum: numberSchema, correct: numberSchema })),
})

/** Of older files, for one head. */
const singleIntervalSchema = z
  .object({ samples: count, weight: numberSchema.optional(), loss_sum: numberSchema, correct: numberSchema })
  // Without class weights, rows are the weight; the oldest files have those only.
  .transform(({ samples, weight, ...sums }) => ({ samples, heads: [{ weight: weight ?? samples, ...sums }] }))

export const checkpointMetadataSchema = z.object({
  format: z.literal(CHECKPOINT_FORMAT),
  spec: modelSpecSchema,
  training: trainingConfigSchema,
  /** Steps done. */
  step: count,
  /** Epochs done, with the fraction of the current one. */
  epoch: z.number().nonnegative(),
  /** Where the data goes on: 0-based epoch and steps done in it. */
  cursor: z.object({ epoch: count, step_in_epoch: count }),
  seed: seedSchema,
  /** Names of parameters that do not change. */
  frozen: z.array(z.string()),
  /** Newest value of each series. */
  metrics: z.record(z.string(), numberSchema),
  /** What has gathered since the last point of the training curve. */
  interval: z.union([intervalSchema, singleIntervalSchema]),
  /** Step of the last evaluation; 0 before the first. */
  evaluated_step: count,
  /** The rate that a plateau reduced; absent in older files and without such a schedule. */
  plateau: z.object({ rate: z.number(), best: z.number().nullable(), waited: count, cooldown: count }).nullable().default(null),
  /** What early stopping has seen. */
  stopping: z
    .object({
      best: z.object({ step: count, value: z.number(), metrics: z.record(z.string(), numberSchema) }).nullable(),
      waited: count,
      restored: z.boolean(),
    })
    .default({ best: null, waited: 0, restored: false }),
  /** What decides the bits of the result: engine, backend, instruction set, threads, whether denormal numbers are kept. */
  fingerprint: z.string(),
  dataset: datasetSchema,
})
export type CheckpointMetadata = z.output<typeof checkpointMetadataSchema>

export interface Checkpoint {
  readonly metadata: CheckpointMetadata
  readonly state: StateTensors
  /** Weights of the best evaluation, tensors `best.*` of the file; null where there are none, or they are the model's own. */
  readonly best: StateTensors | null
}

/** Of the tensors that early stopping will restore. */
const BEST_PREFIX = 'best.'

/**
 * The file as chunks that share memory with the state: write them before the next step changes it.
 * @example const { bytes, chunks } = encodeCheckpoint({ metadata, state: session.exportState() })
 */
export function encodeCheckpoint({ metadata, state, best }: Checkpoint): EncodedFile {
  const tensors = new Map<string, TensorData>()
  for (const [name, { shape, data }] of state) tensors.set(name, { dtype: 'F32', shape, data })
  for (const [name, { shape, data }] of best ?? []) tensors.set(`${BEST_PREFIX}${name}`, { dtype: 'F32', shape, data })
  const json = JSON.stringify(metadata, (_, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))
  return encode(tensors, new Map([[METADATA_KEY, json]]))
}

export interface CheckpointHeader {
  readonly metadata: CheckpointMetadata
  readonly file: SafetensorsHeader
}

/**
 * What a checkpoint is, from the beginning of its file alone.
 * @throws TrainyardError corrupt_checkpoint
 */
export function decodeCheckpointHeader(bytes: Uint8Array, options?: ParseOptions): CheckpointHeader {
  const file = guarded('the file is not readable', () => parseHeader(bytes, options))
  const json = file.metadata.get(METADATA_KEY)
  if (json === undefined) throw corrupt(`it has no metadata "${METADATA_KEY}": it is a safetensors file, but no checkpoint of ours`)
  const value = guarded('its metadata are no JSON', (): unknown => JSON.parse(json))
  const format = typeof value === 'object' && value !== null && 'format' in value ? value.format : undefined
  if (typeof format === 'number' && format > CHECKPOINT_FORMAT) {
    throw corrupt(`it has the format ${format}; this release reads up to ${CHECKPOINT_FORMAT}`, 'Use a newer release of the engine.')
  }
  const parsed = parseWithIssues(checkpointMetadataSchema, value, METADATA_KEY)
  if (!parsed.ok) throw corrupt(`its metadata have mistakes: ${parsed.issues[0]?.path}: ${parsed.issues[0]?.message}`)
  const metadata = parsed.value
  for (const { name, shape } of guarded('its model is not valid', () => stateShapes(metadata.spec))) {
    const entry = file.tensors.get(`model.${name}`)
    if (entry === undefined) throw corrupt(`it has no tensor "model.${name}"`)
    if (entry.shape.join() !== shape.join()) {
      throw corrupt(`"model.${name}" has the shape [${entry.shape.join(', ')}]; its model has [${shape.join(', ')}]`)
    }
  }
  return { metadata, file }
}

/**
 * A checkpoint from the bytes of its file. Tensors are views of `bytes` where possible.
 * @throws TrainyardError corrupt_checkpoint, saying what is wrong
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const { metadata, file } = decodeCheckpointHeader(bytes)
  const state = new Map<string, StateTensor>()
  const best = new Map<string, StateTensor>()
  for (const [name, { shape }] of file.tensors) {
    const data = guarded('a tensor is not readable', () => readTensor(bytes, file, name, 'F32'))
    if (name.startsWith(BEST_PREFIX)) best.set(name.slice(BEST_PREFIX.length), { shape, data })
    else state.set(name, { shape, data })
  }
  return { metadata, state, best: best.size === 0 ? null : best }
}

function corrupt(what: string, hint?: string, cause?: unknown): TrainyardError {
  const detail = `The checkpoint is damaged: ${what}.`
  return new TrainyardError('corrupt_checkpoint', { detail, cause, ...(hint === undefined ? {} : { hint }) })
}

function guarded<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    throw corrupt(`${what}: ${cause instanceof Error ? cause.message : String(cause)}`, undefined, cause)
  }
}
