// All ops by name. Every table over ops is typed by these keys, so that a forgotten op does not compile.

import { activation } from './activation.ts'
import { activationBackward } from './activation-backward.ts'
import { adagradUpdate } from './adagrad-update.ts'
import { adamUpdate } from './adam-update.ts'
import { add } from './add.ts'
import type { OpAttributes, OpName } from './attributes.ts'
import { avgPool2d } from './avg-pool2d.ts'
import { avgPool2dBackward } from './avg-pool2d-backward.ts'
import { batchNorm } from './batch-norm.ts'
import { batchNormBackward } from './batch-norm-backward.ts'
import { batchNormInference } from './batch-norm-inference.ts'
import { batchNormInferenceBackward } from './batch-norm-inference-backward.ts'
import { biasAdd } from './bias-add.ts'
import { biasBackward } from './bias-backward.ts'
import { binaryCorrectCount } from './binary-correct-count.ts'
import { clipByNorm } from './clip-by-norm.ts'
import { clipByValue } from './clip-by-value.ts'
import { concatenate } from './concatenate.ts'
import { conv2d } from './conv2d.ts'
import { conv2dBackwardData } from './conv2d-backward-data.ts'
import { conv2dBackwardWeight } from './conv2d-backward-weight.ts'
import { correctCount } from './correct-count.ts'
import { dense } from './dense.ts'
import { denseBackwardData } from './dense-backward-data.ts'
import { denseBackwardWeight } from './dense-backward-weight.ts'
import { dropout } from './dropout.ts'
import { fill } from './fill.ts'
import { klDivergence } from './kl-divergence.ts'
import { klDivergenceBackward } from './kl-divergence-backward.ts'
import { l2Norms } from './l2-norms.ts'
import { layerNorm } from './layer-norm.ts'
import { layerNormBackward } from './layer-norm-backward.ts'
import { maxNorm } from './max-norm.ts'
import { maxPool2d } from './max-pool2d.ts'
import { maxPool2dBackward } from './max-pool2d-backward.ts'
import { multiClassHinge } from './multi-class-hinge.ts'
import { multiClassHingeBackward } from './multi-class-hinge-backward.ts'
import type { Op } from './op.ts'
import { penaltyGradient } from './penalty-gradient.ts'
import { pointwiseLoss } from './pointwise-loss.ts'
import { pointwiseLossBackward } from './pointwise-loss-backward.ts'
import { reshape } from './reshape.ts'
import { rmspropUpdate } from './rmsprop-update.ts'
import { runningStatistics } from './running-statistics.ts'
import { sgdUpdate } from './sgd-update.ts'
import { slice } from './slice.ts'
import { softmax } from './softmax.ts'
import { softmaxBackward } from './softmax-backward.ts'
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts'
import { softmaxCrossEntropyBackward } from './softmax-cross-entropy-backward.ts'
import { threshold } from './threshold.ts'
import { upsample2d } from './upsample2d.ts'
import { upsample2dBackward } from './upsample2d-backward.ts'

export type { OpAttributes, OpName } from './attributes.ts'

export const OPS: { readonly [K in OpName]: Op<OpAttributes<K>> } = {
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

export const OP_NAMES = Object.keys(OPS) as readonly OpName[]

/** The op of a name that is known at run time only, with its attribute type bound to the name. */
export function opOf<K extends OpName>(name: K): Op<OpAttributes<K>> {
  return OPS[name]
}
