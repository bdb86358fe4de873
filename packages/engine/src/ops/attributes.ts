// The attributes of every op: the one list of op names, over which every per-op table is typed.

/** [height, width] */
export type Pair = readonly [height: number, width: number]
/** Zeros added on each side. */
export type Sides = readonly [top: number, bottom: number, left: number, right: number]
export type NoAttributes = Readonly<Record<string, never>>

export interface ConvolutionAttributes {
  readonly stride: Pair
  readonly padding: Sides
  /** Distance between the taps of the window; 1 is dense. */
  readonly dilation: Pair
  readonly groups: number
}

export interface PoolingAttributes {
  readonly kernel: Pair
  readonly stride: Pair
  readonly padding: Sides
}

export interface AveragePoolingAttributes extends PoolingAttributes {
  /** true: padding counts as zeros; false: the mean is over pixels of the image only. */
  readonly countIncludePadding: boolean
}

export interface UpsamplingAttributes {
  /** Whole factors. */
  readonly scale: Pair
  readonly mode: 'nearest' | 'bilinear'
}

export type ActivationFunction = 'relu' | 'sigmoid' | 'tanh' | 'leaky_relu' | 'elu' | 'gelu' | 'silu' | 'softplus'

export interface ActivationAttributes {
  readonly function: ActivationFunction
  /** Slope of leaky_relu below 0, scale of elu; 0 for the others. */
  readonly alpha: number
}

export type PointwiseLossFunction = 'squared_error' | 'absolute_error' | 'huber' | 'binary_cross_entropy' | 'hinge'

export interface PointwiseLossAttributes {
  readonly loss: PointwiseLossFunction
  /** Delta of huber, margin of hinge, weight of the positives of binary_cross_entropy; 0 for the others. */
  readonly parameter: number
  /** `mean`: over rows and values. `half_sum`: ½ Σ over values, mean over rows. */
  readonly reduction: 'mean' | 'half_sum'
}

export interface CrossEntropyAttributes {
  /** Share of the target that is spread evenly over all classes, in [0, 1). */
  readonly labelSmoothing: number
  /** Weight of each class, above 0; null weighs all alike. */
  readonly classWeights: readonly number[] | null
}

export interface MarginAttributes {
  readonly margin: number
}

export interface SgdAttributes {
  readonly momentum: number
  readonly nesterov: boolean
  readonly weightDecay: number
}

export interface AdamAttributes {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
  /** true: weight decay acts on the parameter (AdamW), not on the gradient. */
  readonly decoupled: boolean
}

export interface NormalizationAttributes {
  /** Added to the variance before its root, above 0. */
  readonly epsilon: number
}

export interface RunningStatisticsAttributes extends NormalizationAttributes {
  /** Weight of the new statistics, 0 … 1. */
  readonly momentum: number
  /** Values per channel that the statistics were computed over. */
  readonly values: number
}

export interface DropoutAttributes {
  /** Probability of being zeroed, 0 … below 1, to the nearest 2^-16. */
  readonly rate: number
  /** What is zeroed as a whole: single elements, or channels of [N, C, …]. */
  readonly unit: 'element' | 'channel'
  /** Tells the masks of layers apart, 0 … 2^32 − 1. */
  readonly stream: number
}

export interface RmspropAttributes {
  /** Weight of the old mean of squares. */
  readonly smoothing: number
  readonly epsilon: number
  readonly momentum: number
  readonly centered: boolean
  readonly weightDecay: number
}

export interface AdagradAttributes {
  readonly epsilon: number
  readonly weightDecay: number
}

export interface PenaltyAttributes {
  readonly l1: number
  readonly l2: number
}

export interface ClipAttributes {
  readonly bound: number
}

export interface OpAttributeTable {
  dense: NoAttributes
  dense_backward_data: NoAttributes
  dense_backward_weight: { readonly bias: boolean }
  conv2d: ConvolutionAttributes
  conv2d_backward_data: ConvolutionAttributes & { readonly inputSize: Pair }
  conv2d_backward_weight: ConvolutionAttributes & { readonly kernel: Pair; readonly bias: boolean }
  max_pool2d: PoolingAttributes
  max_pool2d_backward: PoolingAttributes & { readonly inputSize: Pair }
  avg_pool2d: AveragePoolingAttributes
  avg_pool2d_backward: AveragePoolingAttributes & { readonly inputSize: Pair }
  upsample2d: UpsamplingAttributes
  upsample2d_backward: UpsamplingAttributes
  bias_add: NoAttributes
  bias_backward: NoAttributes
  concatenate: NoAttributes
  /** Channels from `start`, `size` of them. */
  slice: { readonly start: number; readonly size: number }
  activation: ActivationAttributes
  activation_backward: ActivationAttributes
  reshape: { readonly shape: readonly number[] }
  add: NoAttributes
  fill: { readonly shape: readonly number[]; readonly value: number }
  threshold: { readonly threshold: number }
  softmax: NoAttributes
  softmax_backward: NoAttributes
  softmax_cross_entropy: CrossEntropyAttributes
  softmax_cross_entropy_backward: CrossEntropyAttributes
  pointwise_loss: PointwiseLossAttributes
  pointwise_loss_backward: PointwiseLossAttributes
  multi_class_hinge: MarginAttributes
  multi_class_hinge_backward: MarginAttributes
  kl_divergence: NoAttributes
  kl_divergence_backward: NoAttributes
  correct_count: NoAttributes
  batch_norm: NormalizationAttributes
  batch_norm_backward: NormalizationAttributes
  batch_norm_inference: NormalizationAttributes
  batch_norm_inference_backward: NormalizationAttributes
  running_statistics: RunningStatisticsAttributes
  layer_norm: NormalizationAttributes
  layer_norm_backward: NormalizationAttributes
  dropout: DropoutAttributes
  binary_correct_count: NoAttributes
  sgd_update: SgdAttributes
  adam_update: AdamAttributes
  rmsprop_update: RmspropAttributes
  adagrad_update: AdagradAttributes
  penalty_gradient: PenaltyAttributes
  clip_by_value: ClipAttributes
  clip_by_norm: ClipAttributes
  l2_norms: NoAttributes
  max_norm: ClipAttributes
}

export type OpName = keyof OpAttributeTable
export type OpAttributes<K extends OpName> = OpAttributeTable[K]
