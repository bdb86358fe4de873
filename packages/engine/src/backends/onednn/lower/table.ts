// Every op's lowering. `null`: always the reference kernel, for losses and counts over small matrices.

import type { OpName } from '../../../ops/attributes.ts'
import { activation, activationBackward } from './activation.ts'
import { conv2d, conv2dBackwardData, conv2dBackwardWeight } from './convolution.ts'
import { dense, denseBackwardData, denseBackwardWeight } from './dense.ts'
import { add, reshape, softmax } from './elementwise.ts'
import type { Lowering } from './lowering.ts'
import { maxPool2d, maxPool2dBackward } from './pooling.ts'
import { adamUpdate, sgdUpdate } from './update.ts'

export const LOWERINGS: { readonly [K in OpName]: Lowering<K> | null } = {
  dense,
  dense_backward_data: denseBackwardData,
  dense_backward_weight: denseBackwardWeight,
  conv2d,
  conv2d_backward_data: conv2dBackwardData,
  conv2d_backward_weight: conv2dBackwardWeight,
  max_pool2d: maxPool2d,
  max_pool2d_backward: maxPool2dBackward,
  avg_pool2d: null,
  avg_pool2d_backward: null,
  upsample2d: null,
  upsample2d_backward: null,
  bias_add: null,
  bias_backward: null,
  concatenate: null,
  slice: null,
  activation,
  activation_backward: activationBackward,
  reshape,
  add,
  fill: null,
  threshold: null,
  softmax,
  softmax_backward: null,
  softmax_cross_entropy: null,
  softmax_cross_entropy_backward: null,
  pointwise_loss: null,
  pointwise_loss_backward: null,
  multi_class_hinge: null,
  multi_class_hinge_backward: null,
  kl_divergence: null,
  kl_divergence_backward: null,
  correct_count: null,
  batch_norm: null,
  batch_norm_backward: null,
  batch_norm_inference: null,
  batch_norm_inference_backward: null,
  running_statistics: null,
  layer_norm: null,
  layer_norm_backward: null,
  dropout: null,
  binary_correct_count: null,
  sgd_update: sgdUpdate,
  adam_update: adamUpdate,
}
