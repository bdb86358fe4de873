// Costs that ops share. A multiply-add counts two operations, the addition of a bias one.

import { elementCount, type TensorType } from '../core/tensor.ts'
import type { Cost } from './op.ts'

/** Bytes of an element at float32; labels and workspaces take as much. */
export const ELEMENT_BYTES = 4

/** Every operand read or written once. */
export function operandBytes(inputs: readonly TensorType[], outputs: readonly TensorType[]): number {
  return ELEMENT_BYTES * [...inputs, ...outputs].reduce((sum, { shape }) => sum + elementCount(shape), 0)
}

/** A cost of so many operations per element of one input, the first unless `input` says otherwise. */
export function perElement(flops: number, input = 0) {
  return (inputs: readonly TensorType[], outputs: readonly TensorType[]): Cost => ({
    flops: flops * elementCount(inputs[input]?.shape ?? []),
    bytes: operandBytes(inputs, outputs),
  })
}
