// A model with its numbers, ready to step. Knows names and bindings; how the numbers are computed is the backend's part.

import { type Issue, TrainyardError } from '@trainyard/errors'
import type { Backend, NumericArray } from '../backends/backend.ts'
import { elementCount, type Shape, type TensorId } from '../core/tensor.ts'
import { initialValues } from '../initializers/index.ts'
import type { CompiledModel, ModelHead } from '../plan/index.ts'
import { type TargetReader, type TargetSource, type Targets, targetReader } from './head-targets.ts'
import type { StateTensor, StateTensors } from './state.ts'

/** Numbers of a head in `Session.scalars`. */
export const SCALARS = 3

export interface Batch {
  /** Row-major [N, …]; rows past `count` are padding of any value. */
  readonly samples: Float32Array
  /** Class of each row, or values [N, K]. */
  readonly targets: Int32Array | Float32Array
  /** The samples before noise and masking, [N, …]; needed by heads that reconstruct them. */
  readonly originals?: Float32Array | undefined
  /** Real rows: 1 to N. */
  readonly count: number
}

export interface ImportOptions {
  /** Whether every tensor of the model must be given and no other. Otherwise what the state lacks stays, what it has beyond is ignored. */
  readonly strict: boolean
}

/** Null and empty where the configuration does not ask for them. */
export interface MeasuredGradientNorms {
  readonly total: number | null
  readonly parameters: readonly { readonly name: string; readonly norm: number }[]
}

export interface Session {
  readonly model: CompiledModel
  readonly backendName: Backend['name']
  /** Bytes of all memory that the backend holds. */
  readonly bytes: number
  /** Forward, backward, update. `step` counts from 1 over the whole run; with the seed it decides the masks of dropout. */
  trainStep(batch: Batch, learningRate: number, step: number): void
  /** Loss, count of correct rows and predictions; nothing changes. */
  evaluateBatch(batch: Batch): void
  /** Fills `predictions`; `samples` may hold `count` rows only. */
  predict(samples: Float32Array, count: number): void
  /**
   * [loss, correct rows, weight] of the last trainStep or evaluateBatch, for each head of the model in turn. Correct is NaN where the loss knows
   * no right and wrong. The weight is what the loss was divided by: rows, or the sum of their class weights; means over batches are weighted by it.
   */
  readonly scalars: Float64Array
  /** Lengths of the last training step's gradient before clipping. */
  gradientNorms(): MeasuredGradientNorms
  /** Of a head, by default the first: row-major [N, K] of the last evaluateBatch or predict; rows past its count are meaningless. */
  predictions(head?: number): Float32Array
  /** What a head was compared with in the last trainStep or evaluateBatch; valid until the next one. */
  targets(head?: number): Targets
  /** Copies of all parameters (`model.*`) and optimizer slots (`optimizer.*`). */
  exportState(): StateTensors
  /** @throws TrainyardError `incompatible_transfer` with every tensor that does not fit; nothing is imported then */
  importState(state: StateTensors, options: ImportOptions): void
  /** Draws all parameters anew and sets all slots to 0. */
  initialize(seed: number): void
  close(): void
}

export interface SessionOptions {
  readonly model: CompiledModel
  readonly backend: Backend
  /** Threads that kernels may use. */
  readonly threads: number
  /** Of what is drawn in training steps, 0 … 2^32 − 1. Default 0. */
  readonly seed?: number
  /** Of each head. Default: the targets of the batches. */
  readonly targets?: readonly TargetSource[]
}

/** A head with its memory on this side. */
interface OpenHead extends ModelHead {
  readonly read: TargetReader
  /** Numbers of a row's targets. */
  readonly targetSize: number
  readonly outputs: Float32Array
  written: Targets
}

interface StateEntry {
  readonly name: string
  readonly tensor: TensorId
  readonly shape: Shape
}

/**
 * Compiles a model for a backend and allocates its memory, once. Parameters are 0 until `initialize` or `importState`.
 * @example
 * const session = createSession({ model, backend: createReferenceBackend(), threads: 1 })
 * session.initialize(seed)
 * session.trainStep(batch, 0.1, 1)
 * const [loss] = session.scalars
 */
export function createSession({ model, backend, threads, seed = 0, targets: sources = [] }: SessionOptions): Session {
  const { program, bindings, parameters, buffers, slots } = model
  const executable = backend.compile(program, { threads })
  const shapeOf = (tensor: TensorId): Shape => program.tensors[tensor]?.shape ?? []
  const state: readonly StateEntry[] = [
    ...[...parameters, ...buffers].map(({ name, tensor, shape }) => ({ name: `model.${name}`, tensor, shape })),
    ...slots.map(({ name, tensor, shape }) => ({ name: `optimizer.${name}`, tensor, shape })),
  ]
  const number = new Float64Array(1)
  const corrections = new Float64Array(2)
  const randomKey = new Int32Array(2)
  const heads = bindings.heads.map((head, i): OpenHead => {
    const elements = elementCount(shapeOf(head.targets))
    return {
      ...head,
      read: targetReader(sources[i] ?? { from: 'label' }, elements),
      targetSize: elements / program.batchSize,
      outputs: new Float32Array(elementCount(shapeOf(head.predictions))),
      written: new Float32Array(),
    }
  })
  const scalars = new Float64Array(SCALARS * heads.length)
  const sampleCount = elementCount(shapeOf(bindings.samples))
  const padded = new Float32Array(sampleCount)

  const { learningRates, gradientNorms } = bindings
  const readAll = (tensor: TensorId): Float64Array => {
    const into = new Float64Array(elementCount(shapeOf(tensor)))
    executable.read(tensor, into)
    return into
  }
  // Fractions stay in arrays all the way: passed to a function or returned by one, a fraction may take 16 bytes of the heap.
  const readScalar = (tensor: TensorId | null, into: number): void => {
    number[0] = Number.NaN
    if (tensor !== null) executable.read(tensor, number)
    scalars[into] = number[0]
  }
  const requireCount = (count: number): void => {
    if (!Number.isInteger(count) || count < 1 || count > program.batchSize) {
      throw new RangeError(`the batch has ${count} rows; expected 1 to ${program.batchSize}`)
    }
  }
  const headAt = (index: number): OpenHead => {
    const head = heads[index]
    if (head === undefined) throw new RangeError(`there is no head ${index}; expected 0 to ${heads.length - 1}`)
    return head
  }
  /** The real rows over and over: statistics over the batch are then those of the real rows, whatever stood in the padding. */
  const repeatRows = (samples: Float32Array, count: number): Float32Array => {
    const used = (sampleCount / program.batchSize) * count
    padded.set(samples.subarray(0, used))
    for (let filled = used; filled < sampleCount; filled *= 2) padded.copyWithin(filled, 0, Math.min(filled, sampleCount - filled))
    return padded
  }
  const writeBatch = (batch: Batch): void => {
    const { samples, count } = batch
    requireCount(count)
    for (const head of heads) {
      head.written = head.read(batch)
      if (head.targetRange !== null) requireTargets(head.written, count * head.targetSize, head.targetRange)
    }
    executable.write(bindings.samples, count === program.batchSize ? samples : repeatRows(samples, count))
    for (const { targets, written } of heads) executable.write(targets, written)
    number[0] = count
    executable.write(bindings.count, number)
  }
  const readScalars = ({ count }: Batch): void => {
    for (let i = 0; i < heads.length; i++) {
      const head = headAt(i)
      readScalar(head.loss, SCALARS * i)
      readScalar(head.correct, SCALARS * i + 1)
      scalars[SCALARS * i + 2] = weightOf(head, count)
    }
  }
  const readPredictions = (): void => {
    for (const { predictions, outputs } of heads) executable.read(predictions, outputs)
  }
  const read = ({ tensor, shape }: StateEntry): StateTensor => {
    const data = new Float32Array(elementCount(shape))
    executable.read(tensor, data)
    return { shape, data }
  }
  const write = (tensor: TensorId, values: NumericArray): void => executable.write(tensor, values)

  return {
    model,
    backendName: backend.name,
    bytes: executable.bytes,
    scalars,
    predictions: (head = 0) => headAt(head).outputs,
    targets: (head = 0) => headAt(head).written,
    trainStep(batch, learningRate, step) {
      writeBatch(batch)
      for (const { tensor, factor } of learningRates) {
        number[0] = learningRate * factor
        executable.write(tensor, number)
      }
      if (model.betas !== null && bindings.biasCorrection !== null) {
        corrections[0] = 1 - model.betas[0] ** step
        corrections[1] = 1 - model.betas[1] ** step
        executable.write(bindings.biasCorrection, corrections)
      }
      if (bindings.randomKey !== null) {
        randomKey[0] = seed
        randomKey[1] = step
        executable.write(bindings.randomKey, randomKey)
      }
      executable.run('train')
      readScalars(batch)
    },
    gradientNorms() {
      const { segments, parameters: measured } = gradientNorms
      const parts = segments === null ? null : readAll(segments)
      const norms = measured === null ? new Float64Array() : readAll(measured.tensor)
      return {
        total: parts === null ? null : Math.hypot(...parts),
        parameters: (measured?.names ?? []).map((name, i) => ({ name, norm: norms[i] ?? Number.NaN })),
      }
    },
    evaluateBatch(batch) {
      writeBatch(batch)
      executable.run('evaluate')
      readPredictions()
      readScalars(batch)
    },
    predict(samples, count) {
      requireCount(count)
      if (samples.length === sampleCount) executable.write(bindings.samples, samples)
      else {
        padded.fill(0)
        padded.set(samples)
        executable.write(bindings.samples, padded)
      }
      executable.run('predict')
      readPredictions()
    },
    exportState: () => new Map(state.map((entry) => [entry.name, read(entry)])),
    importState(source, { strict }) {
      const issues = mismatches(state, source, strict)
      if (issues.length > 0) {
        throw new TrainyardError('incompatible_transfer', {
          detail: `${issues.length} ${issues.length === 1 ? 'tensor does' : 'tensors do'} not fit the model, first: ${issues[0]?.message}`,
          issues,
        })
      }
      for (const { name, tensor } of state) {
        const found = source.get(name)
        if (found !== undefined) write(tensor, found.data)
      }
    },
    initialize(seed) {
      for (const parameter of [...parameters, ...buffers]) write(parameter.tensor, initialValues(parameter, seed))
      for (const { tensor, shape } of slots) write(tensor, new Float32Array(elementCount(shape)))
    },
    close: () => executable.close(),
  }
}

/** What the loss of a batch was divided by. */
function weightOf({ classWeights, written }: OpenHead, count: number): number {
  if (classWeights === null) return count
  let weight = 0
  for (let n = 0; n < count; n++) weight += classWeights[written[n] ?? 0] ?? Number.NaN
  return weight
}

/** @throws TrainyardError invalid_data for the first target that the loss is not defined for */
function requireTargets(targets: Targets, size: number, [low, high]: readonly [number, number]): void {
  for (let i = 0; i < size; i++) {
    const target = targets[i] ?? Number.NaN
    if (target >= low && target <= high) continue
    throw new TrainyardError('invalid_data', {
      detail: `A target is ${target}. The loss is defined for targets of ${high === Number.POSITIVE_INFINITY ? `at least ${low}` : `${low} to ${high}`}.`,
      hint: 'Scale the targets when the dataset is prepared, or use "squared_error".',
    })
  }
}

function mismatches(expected: readonly StateEntry[], source: StateTensors, strict: boolean): readonly Issue[] {
  const issues: Issue[] = []
  const names = new Set(expected.map(({ name }) => name))
  for (const { name, shape } of expected) {
    const found = source.get(name)
    if (found === undefined) {
      if (strict) issues.push(issue(name, 'missing_tensor', `${name} is missing; expected shape [${shape.join(', ')}]`))
    } else if (found.shape.join() !== shape.join() || found.data.length !== elementCount(shape)) {
      const message = `${name} has shape [${found.shape.join(', ')}] with ${found.data.length} values; expected [${shape.join(', ')}]`
      issues.push(issue(name, 'shape_mismatch', message))
    }
  }
  if (!strict) return issues
  for (const name of source.keys()) {
    if (!names.has(name)) issues.push(issue(name, 'unknown_tensor', `${name} is not part of the model`))
  }
  return issues
}

function issue(path: string, code: string, message: string): Issue {
  return { path, code, message, hint: 'Use the model and optimizer that the checkpoint was made with, or transfer by layer.' }
}
