// Ops that tiny networks are made of. All others run as plain kernels on the same memory.

import { correctCount, softmaxCrossEntropy, softmaxCrossEntropyBackward } from './classification.ts'
import { dense, denseBackwardData, denseBackwardWeight } from './dense.ts'
import { activation, activationBackward, fill, sgdUpdate } from './elementwise.ts'
import type { EmitterTable } from './emitter.ts'

export const EMITTERS: EmitterTable = {
  dense,
  dense_backward_data: denseBackwardData,
  dense_backward_weight: denseBackwardWeight,
  activation,
  activation_backward: activationBackward,
  fill,
  softmax_cross_entropy: softmaxCrossEntropy,
  softmax_cross_entropy_backward: softmaxCrossEntropyBackward,
  correct_count: correctCount,
  sgd_update: sgdUpdate,
}
