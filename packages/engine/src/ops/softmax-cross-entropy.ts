// The loss of classification, straight from logits.

import { elementCount } from '../core/tensor.ts'
import type { CrossEntropyAttributes } from './attributes.ts'
import { operandBytes } from './cost.ts'
import type { Op, SampleInput } from './op.ts'
import { dims, invalidAttribute, operands, real, requireLabels, requireRealShape } from './operands.ts'

/** Labels in [0, classes). */
export function labels(rows: number, classes: number): SampleInput {
  return { shape: [rows], type: 'index', low: 0, high: classes }
}

/** The number of real rows in a batch. */
export function rowCount(rows: number): SampleInput {
  return { ...real(1), low: rows, high: rows }
}

/** No smoothing, all classes alike. */
export const PLAIN_CROSS_ENTROPY: CrossEntropyAttributes = { labelSmoothing: 0, classWeights: null }

/** Throws ShapeError `invalid_attribute` for a smoothing outside of [0, 1) and for weights that do not fit the classes. */
export function requireCrossEntropy({ labelSmoothing, classWeights }: CrossEntropyAttributes, classes: number): void {
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw invalidAttribute(`labelSmoothing is ${labelSmoothing}, expected a number from 0 to below 1`, 'Use 0.1.')
  }
  if (classWeights === null) return
  if (classWeights.length !== classes) {
    throw invalidAttribute(`${classWeights.length} class weights, expected ${classes}`, 'Give one weight per class.')
  }
  const wrong = classWeights.find((weight) => !(weight > 0 && weight < Number.POSITIVE_INFINITY))
  if (wrong !== undefined) throw invalidAttribute(`a class weight is ${wrong}, expected numbers above 0`, 'Use weights above 0.')
}

export const softmaxCrossEntropy: Op<CrossEntropyAttributes> = {
  // Label smoothing: Szegedy et al. 2016. Both as PyTorch's CrossEntropyLoss: the mean is weighted by the weights of the labels.
  summary: 'Mean cross-entropy of softmax(logits) with class labels over the first `count` rows, smoothed and weighted by class.',
  formula:
    'loss = 1/Σ_{n<count} w[l] · Σ_{n<count, c} v[n,c] · (m + ln Σ_k e^(logits[n,k] − m) − logits[n,c]), l = labels[n], m the maximum of the row, v[n,c] = w[c] · ((1 − labelSmoothing) · [c = l] + labelSmoothing/C), w = classWeights or 1',
  infer(inputs, attributes) {
    const [logits, classes, count] = operands(inputs, ['logits', 'labels', 'count'])
    const [N, C] = dims(logits, 'logits', ['N', 'C'])
    requireCrossEntropy(attributes, C)
    requireLabels(classes, N)
    requireRealShape(count, 'count', [1], 'count is one number.')
    return [real(1)]
  },
  derivative(builder, { inputs, attributes, dOutputs, wants }) {
    const [dLoss] = dOutputs
    if (dLoss === null || dLoss === undefined || !wants[0]) return [null, null, null]
    const [dLogits = null] = builder.emit('softmax_cross_entropy_backward', [dLoss, ...inputs], attributes)
    return [dLogits, null, null]
  },
  cost: (inputs, outputs) => ({ flops: 4 * elementCount(inputs[0]?.shape ?? []), bytes: operandBytes(inputs, outputs) }),
  inPlace: [],
  samples: [
    { name: 'ten classes', inputs: [{ ...real(4, 10), low: -3, high: 3 }, labels(4, 10), rowCount(4)], attributes: PLAIN_CROSS_ENTROPY },
    { name: 'padded batch', inputs: [real(5, 3), labels(5, 3), rowCount(2)], attributes: PLAIN_CROSS_ENTROPY },
    { name: 'two classes, one row', inputs: [real(1, 2), labels(1, 2), rowCount(1)], attributes: PLAIN_CROSS_ENTROPY },
    { name: 'label smoothing', inputs: [real(4, 5), labels(4, 5), rowCount(3)], attributes: { labelSmoothing: 0.2, classWeights: null } },
    {
      name: 'class weights',
      inputs: [real(6, 3), labels(6, 3), rowCount(5)],
      attributes: { labelSmoothing: 0, classWeights: [1, 0.2, 3] },
    },
    { name: 'both', inputs: [real(6, 3), labels(6, 3), rowCount(6)], attributes: { labelSmoothing: 0.1, classWeights: [0.5, 2, 1] } },
  ],
  errors: [
    { inputs: [real(4, 3), labels(4, 3), real(1)], attributes: { labelSmoothing: 1, classWeights: null }, code: 'invalid_attribute' },
    { inputs: [real(4, 3), labels(4, 3), real(1)], attributes: { labelSmoothing: 0, classWeights: [1, 2] }, code: 'invalid_attribute' },
    { inputs: [real(4, 2), labels(4, 2), real(1)], attributes: { labelSmoothing: 0, classWeights: [1, 0] }, code: 'invalid_attribute' },
    { inputs: [real(4, 10), labels(4, 10)], attributes: PLAIN_CROSS_ENTROPY, code: 'wrong_arity' },
    { inputs: [real(4, 10), real(4), real(1)], attributes: PLAIN_CROSS_ENTROPY, code: 'wrong_type' },
    { inputs: [real(4, 10), labels(3, 10), real(1)], attributes: PLAIN_CROSS_ENTROPY, code: 'shape_mismatch' },
    { inputs: [real(4, 1, 2, 5), labels(4, 10), real(1)], attributes: PLAIN_CROSS_ENTROPY, code: 'wrong_rank' },
  ],
}
