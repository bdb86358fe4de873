// The reference kernel of every op.

import { avgPool2d, avgPool2dBackward } from './avg-pool2d.ts'
import { batchNorm, batchNormBackward, batchNormInference, batchNormInferenceBackward, runningStatistics } from './batch-norm.ts'
import { biasAdd, biasBackward, concatenate, slice } from './channels.ts'
import { conv2d, conv2dBackwardData, conv2dBackwardWeight } from './conv2d.ts'
import { dense, denseBackwardData, denseBackwardWeight } from './dense.ts'
import { dropout } from './dropout.ts'
import { activation, activationBackward, add, fill, reshape, threshold } from './elementwise.ts'
import { clipByNorm, clipByValue, l2Norms, maxNorm, penaltyGradient } from './gradient-changes.ts'
import type { KernelTable } from './kernel.ts'
import { layerNorm, layerNormBackward } from './layer-norm.ts'
import {
  binaryCorrectCount,
  correctCount,
  klDivergence,
  klDivergenceBackward,
  multiClassHinge,
  multiClassHingeBackward,
  pointwiseLoss,
  pointwiseLossBackward,
  softmax,
  softmaxBackward,
  softmaxCrossEntropy,
  softmaxCrossEntropyBackward,
} from './losses.ts'
import { maxPool2d, maxPool2dBackward } from './max-pool2d.ts'
import { adagradUpdate, adamUpdate, rmspropUpdate, sgdUpdate } from './updates.ts'
import { upsample2d, upsample2dBackward } from './upsample2d.ts'

export const KERNELS: KernelTable = {
  dense,
  dense_backward_data: denseBackwardData,
  dense_backward_weight: denseBackwardWeight,
  conv2d,
  conv2d_backward_data: conv2dBackwardData,
  conv2d_backward_weight: conv2dBackwardWeight,
  max_pool2d: maxPool2d,
  max_pool2d_backward: maxPool2dBackward,
  avg_pool2d: avgPool2d,
  avg_pool2d_backward: avgPool2dBackward,
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
  threshold,
  softmax,
  softmax_backward: softmaxBackward,
  softmax_cross_entropy: softmaxCrossEntropy,
  softmax_cross_entropy_backward: softmaxCrossEntropyBackward,
  pointwise_loss: pointwiseLoss,
  pointwise_loss_backward: pointwiseLossBackward,
  multi_class_hinge: multiClassHinge,
  multi_class_hinge_backward: multiClassHingeBackward,
  kl_divergence: klDivergence,
  kl_divergence_backward: klDivergenceBackward,
  correct_count: correctCount,
  batch_norm: batchNorm,
  batch_norm_backward: batchNormBackward,
  batch_norm_inference: batchNormInference,
  batch_norm_inference_backward: batchNormInferenceBackward,
  running_statistics: runningStatistics,
  layer_norm: layerNorm,
  layer_norm_backward: layerNormBackward,
  dropout,
  binary_correct_count: binaryCorrectCount,
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
