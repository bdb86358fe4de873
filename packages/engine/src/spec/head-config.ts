// Several outputs trained at once: the loss, target and weight of each, as on the wire, and what each is compared with.

import { z } from 'zod'
import { elementCount, type Shape } from '../core/tensor.ts'
import { layerIdSchema } from '../layers/layer-config.ts'
import { type LossConfig, lossConfigSchema, type TargetDescription } from './loss-config.ts'
import { type MetricName, metricNameSchema } from './metric-config.ts'

/** As many as a graph may have outputs. */
const HEADS_MAX = 16

const columns = z.array(z.string().min(1).max(1000)).min(1).max(10_000)

export const headTargetSchema = z.union([z.enum(['label', 'input', 'coarse']), z.strictObject({ columns })]).meta({
  description:
    "What the output is compared with. 'label': the target of the dataset. 'input': the sample as the model takes it, before noise and masking (reconstruction). 'coarse': the coarse class of a dataset that has them. {columns}: some of several value targets.",
})
export type HeadTarget = z.output<typeof headTargetSchema>

export const headSchema = z.strictObject({
  target: headTargetSchema.default('label'),
  loss: lossConfigSchema,
  weight: z
    .number()
    .positive()
    .max(1_000_000)
    .default(1)
    .meta({ description: 'w: the objective is Σ w · loss over the heads, which are the series train/loss and eval/loss.' }),
  metrics: z
    .array(metricNameSchema)
    .max(20)
    .optional()
    .meta({ description: 'As in evaluate.metrics; series eval/<head>/<metric>. Default: the usual ones of the target.' }),
})
export type Head = z.output<typeof headSchema>

export const headsSchema = z
  .record(layerIdSchema, headSchema)
  .check((context) => {
    const count = Object.keys(context.value).length
    if (count >= 1 && count <= HEADS_MAX) return
    context.issues.push({
      code: 'custom',
      input: context.value,
      path: [],
      message: `There are ${count} heads. Expected 1 to ${HEADS_MAX}.`,
      params: { code: count === 0 ? 'too_small' : 'too_large', hint: 'Name the outputs of the model to train, each with a loss.' },
    })
  })
  .meta({
    description:
      'Outputs of a graph to train at once, by name, each with a loss and a weight. In place of `loss` and `output`; what no head needs is left out.',
  })

export const inputColumnsSchema = z.record(layerIdSchema, columns).meta({
  description:
    'For tables: the columns that each input of the model takes, in the order of the dataset and with all that transforms make of them (one-hot). Needed by graphs with several inputs.',
})
export type InputColumns = z.output<typeof inputColumnsSchema>

/** One output with its loss. */
export interface TrainedHead {
  /** Of its series; null where the model has one output, whose series have no name. */
  readonly name: string | null
  readonly target: HeadTarget
  readonly loss: LossConfig
  readonly weight: number
  readonly metrics: readonly MetricName[] | undefined
}

/** The parts of a training configuration that say what is trained. */
export interface HeadChoice {
  readonly loss: LossConfig
  /** Of a model with one output. Default: the label. */
  readonly target?: HeadTarget | undefined
  readonly heads?: Readonly<Record<string, Head>> | undefined
  readonly evaluate?: { readonly metrics?: readonly MetricName[] | undefined }
}

/**
 * What is trained, in the order of the model's outputs: an object has no order that survives a database.
 * @param outputs of the part of the model that is trained
 */
export function trainedHeads({ heads, loss, target = 'label', evaluate }: HeadChoice, outputs: readonly string[]): readonly TrainedHead[] {
  if (heads === undefined) return [{ name: null, target, loss, weight: 1, metrics: evaluate?.metrics }]
  return outputs.map((name) => {
    const head = heads[name]
    if (head === undefined) throw new Error(`output "${name}" has no head; select what is trained first`)
    return { name, target: head.target, loss: head.loss, weight: head.weight, metrics: head.metrics }
  })
}

/** Before the name of a series of a head. @example seriesPrefix('digit') // 'digit/' */
export function seriesPrefix(head: string | null): string {
  return head === null ? '' : `${head}/`
}

/** What a dataset has to compare with. */
export interface DatasetTargets {
  readonly input: { readonly shape: Shape }
  readonly target: TargetDescription
  /** Names of the coarse classes, where it has them. */
  readonly coarse?: readonly string[] | undefined
  /** Names of the values of a row, where the targets are values. */
  readonly targetColumns?: readonly string[] | undefined
}

/** What a head is compared with; null where the dataset does not have it. */
export function describeTarget(target: HeadTarget, dataset: DatasetTargets): TargetDescription | null {
  if (target === 'label') return dataset.target
  if (target === 'input') return { kind: 'value', size: elementCount(dataset.input.shape), isInput: true }
  if (target === 'coarse') return dataset.coarse === undefined ? null : { kind: 'class', classes: dataset.coarse }
  return target.columns.every((column) => dataset.targetColumns?.includes(column)) ? { kind: 'value', size: target.columns.length } : null
}

/** Where in a sample the numbers of each input of a model stand. */
export interface InputPlaces {
  /** Numbers of a sample. */
  readonly size: number
  /** Input → positions in the sample, in order. */
  readonly positions: Readonly<Record<string, readonly number[]>>
}

/**
 * @param features the column that each number of a sample comes from
 * @example placeInputs({ wide: ['job'], deep: ['age'] }, ['age', 'job', 'job']) // wide: [1, 2], deep: [0]
 */
export function placeInputs(inputs: InputColumns, features: readonly string[]): InputPlaces {
  const positions = Object.entries(inputs).map(([name, names]) => {
    const chosen = new Set(names)
    return [name, features.flatMap((column, i) => (chosen.has(column) ? [i] : []))] as const
  })
  return { size: features.length, positions: Object.fromEntries(positions) }
}
