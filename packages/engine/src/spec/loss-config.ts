// The loss of a training configuration as on the wire, and which data it is for.

import { z } from 'zod'

const margin = z.number().positive().max(1_000_000).default(1)

/** Most classes of a class weight list. */
const CLASSES_MAX = 100_000

export const lossConfigSchema = z.discriminatedUnion('type', [
  z
    .strictObject({
      type: z.literal('softmax_cross_entropy'),
      label_smoothing: z.number().min(0).lt(1).default(0).meta({
        description: 'Share ε of the target that is spread evenly over all C classes: (1 − ε) + ε/C for the label, ε/C for the others.',
      }),
      class_weights: z
        .union([z.literal('balanced'), z.array(z.number().positive().max(1_000_000)).min(2).max(CLASSES_MAX)])
        .optional()
        .meta({
          description:
            "Weight w of each class in the mean: Σ w·loss / Σ w over the rows. 'balanced': rows / (C · rows of the class), from the training split.",
        }),
    })
    .meta({
      description:
        'Softmax and cross-entropy from C logits, for class targets: mean over the batch of −log p(class). As PyTorch: CrossEntropyLoss.',
    }),
  z
    .strictObject({
      type: z.literal('binary_cross_entropy'),
      positive_weight: z
        .number()
        .positive()
        .max(1_000_000)
        .default(1)
        .meta({ description: 'Weight of the targets of 1: more than 1 trades precision for recall.' }),
    })
    .meta({
      description:
        'Sigmoid and binary cross-entropy from logits: mean over batch and outputs of −w·y·log σ(o) − (1 − y)·log(1 − σ(o)). For two classes and one output, or for value targets from 0 to 1 with one output each (several labels). As PyTorch: BCEWithLogitsLoss.',
    }),
  z
    .strictObject({
      type: z.literal('squared_error'),
      reduction: z.enum(['mean', 'half_sum']).default('mean').meta({
        description:
          "'mean': mean of (o − y)² over batch and outputs. 'half_sum': ½ Σ (o − y)², summed over the outputs, mean over the batch.",
      }),
    })
    .meta({ description: 'Squared error, for value targets. As PyTorch: MSELoss.' }),
  z
    .strictObject({ type: z.literal('absolute_error') })
    .meta({ description: 'Mean of |o − y| over batch and outputs, for value targets. As PyTorch: L1Loss.' }),
  z
    .strictObject({
      type: z.literal('huber'),
      delta: z.number().positive().max(1_000_000).default(1).meta({ description: 'Error above which the loss grows linearly.' }),
    })
    .meta({
      description:
        'Mean over batch and outputs of ½e² for |e| ≤ δ, else δ(|e| − ½δ), e = o − y, for value targets (Huber 1964). As PyTorch: HuberLoss.',
    }),
  z.strictObject({ type: z.literal('hinge'), margin }).meta({
    description:
      'Hinge loss. Two classes and one output, or one value target of −1 or 1: mean of max(0, margin − s·o), s = ±1. C classes and C outputs: mean over the batch of 1/C Σ max(0, margin − o[class] + o[c]) over the other classes, as PyTorch: MultiMarginLoss.',
  }),
  z.strictObject({ type: z.literal('kl_divergence') }).meta({
    description:
      "Kullback–Leibler divergence of softmax(o) from value targets that are a distribution: mean over the batch of Σ y·(log y − log softmax(o)). As PyTorch: KLDivLoss(reduction='batchmean').",
  }),
])
export type LossConfig = z.output<typeof lossConfigSchema>

/** What a dataset's rows are labelled with. */
export type TargetDescription =
  /** `coarseOf`: for each class the index of its coarse class, where it has one. */
  | { readonly kind: 'class'; readonly classes: readonly string[]; readonly coarseOf?: readonly number[] | undefined }
  /** `isInput`: the sample itself, which is to be reconstructed. */
  | { readonly kind: 'value'; readonly size: number; readonly isInput?: boolean }

/** A loss and a target that go together, with the widths that the model's output may have; else why they do not. */
export type LossFit =
  | { readonly fits: true; readonly widths: readonly number[] }
  | { readonly fits: false; readonly takes: string; readonly hint: string }

type FitRule = (target: TargetDescription) => LossFit

const valuesOnly: FitRule = (target) =>
  target.kind === 'value'
    ? { fits: true, widths: [target.size] }
    : { fits: false, takes: 'value targets', hint: 'Use "softmax_cross_entropy", or prepare the dataset with target_kind "value".' }

const LOSS_FITS: { readonly [T in LossConfig['type']]: FitRule } = {
  softmax_cross_entropy: (target) =>
    target.kind === 'class'
      ? { fits: true, widths: [target.classes.length] }
      : { fits: false, takes: 'class targets', hint: 'Use "squared_error", or prepare the dataset with target_kind "class".' },
  binary_cross_entropy: (target) => {
    if (target.kind === 'value') return { fits: true, widths: [target.size] }
    return target.classes.length === 2
      ? { fits: true, widths: [1] }
      : { fits: false, takes: 'two classes or value targets from 0 to 1', hint: 'Use "softmax_cross_entropy" for more than two classes.' }
  },
  squared_error: valuesOnly,
  absolute_error: valuesOnly,
  huber: valuesOnly,
  hinge: (target) => {
    if (target.kind === 'class') return { fits: true, widths: target.classes.length === 2 ? [1, 2] : [target.classes.length] }
    return target.size === 1
      ? { fits: true, widths: [1] }
      : { fits: false, takes: 'class targets or one value of −1 or 1', hint: 'Use "binary_cross_entropy" for several labels.' }
  },
  kl_divergence: (target) =>
    target.kind === 'value' && target.size > 1
      ? { fits: true, widths: [target.size] }
      : {
          fits: false,
          takes: 'value targets with a probability for each of several outcomes',
          hint: 'Use "softmax_cross_entropy" for class targets.',
        },
}

/** Whether a loss is for such targets. */
export function fitLoss({ type }: Pick<LossConfig, 'type'>, target: TargetDescription): LossFit {
  return LOSS_FITS[type](target)
}

/**
 * Puts numbers in the place of `balanced`: rows / (classes · rows of the class), as scikit-learn does. Classes without rows count as one row.
 * @param classCounts Rows of each class in the training split.
 */
export function resolveClassWeights(loss: LossConfig, classCounts: readonly number[]): LossConfig {
  if (loss.type !== 'softmax_cross_entropy' || loss.class_weights !== 'balanced') return loss
  const rows = classCounts.reduce((sum, count) => sum + count, 0)
  return { ...loss, class_weights: classCounts.map((count) => rows / (classCounts.length * Math.max(1, count))) }
}
