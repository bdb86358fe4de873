// Every op's lowering. `null`: always the reference kernel, for losses and counts over small matrices.

import type { OpName } from '../../../ops/attributes.ts'
import { activation, activationBackward } from './activation.ts'
import { averagePool2d, averagePool2dBackward } from './average-pooling.ts'
import { biasAdd, biasBackward } from './bias.ts'
import { concatenate, slice } from './concatenation.ts'
import { conv2d, conv2dBackwardData, conv2dBackwardWeight } from './convolution.ts'
import { dense, denseBackwardData, denseBackwardWeight } from './dense.ts'
import { dropout } from './dropout.ts'
import { add, fill, reshape, softmax, softmaxBackward } from './elementwise.ts'
import { clipByNorm, clipByValue, l2Norms, penaltyGradient } from './gradient-changes.ts'
import { layerNorm, layerNormBackward } from './layer-normalization.ts'
import type { Lowering } from './lowering.ts'
import { maxNorm } from './max-norm.ts'
import { batchNorm, batchNormBackward, batchNormInference, batchNormInferenceBackward } from './normalization.ts'
import { maxPool2d, maxPool2dBackward } from './pooling.ts'
import { runningStatistics } from './statistics.ts'
import { adagradUpdate, adamUpdate, rmspropUpdate, sgdUpdate } from './update.ts'
import { upsample2d, upsample2dBackward } from './upsample.ts'

export const LOWERINGS: { readonly [K in OpName]: Lowering<K> | null } = {
  dense,
  dense_backward_data: denseBackwardData,
  dense_backward_weight: denseBackwardWeight,
  conv2d,
  conv2d_backward_data: conv2dBackwardData,
  conv2d_backward_weight: conv2dBackwardWeight,
  max_pool2d: maxPool2d,
  max_pool2d_backward: maxPool2dBackward,
  avg_pool2d: averagePool2d,
  avg_pool2d_backward: averagePool2dBackward,
  upsample2d,
  upsample2d_backward: upsample2dBackward,
  bias_add: biasAdd,
  bias_backward: biasBackward,
  concatenate,
  slice,
  activation,
  activation_backward: activationBackward,
  reshape,
  add,
  fill,
  threshold: null,
  softmax,
  softmax_backward: softmaxBackward,
  softmax_cross_entropy: null,
  softmax_cross_entropy_backward: null,
  pointwise_loss: null,
  pointwise_loss_backward: null,
  multi_class_hinge: null,
  multi_class_hinge_backward: null,
  kl_divergence: null,
  kl_divergence_backward: null,
  correct_count: null,
  batch_norm: batchNorm,
  batch_norm_backward: batchNormBackward,
  batch_norm_inference: batchNormInference,
  batch_norm_inference_backward: batchNormInferenceBackward,
  running_statistics: runningStatistics,
  layer_norm: layerNorm,
  layer_norm_backward: layerNormBackward,
  dropout,
  binary_correct_count: null,
  sgd_update: sgdUpdate,
  adam_update: adamUpdate,
  rmsprop_update: rmspropUpdate,
  adagrad_update: adagradUpdate,
  penalty_gradient: penaltyGradient,
  clip_by_value: clipByValue,
  clip_by_norm: clipByNorm,
  l2_norms: l2Norms,
  max_norm: maxNorm,
}
