// Padding 'same' as ONNX defines SAME_UPPER: total = (⌈input / stride⌉ − 1) · stride + (kernel − 1) · dilation + 1 − input, the odd zero at the end.

import { expect, it } from 'vitest'
import { toSides } from './window.ts'

it.each([
  // Totals 1 and 3.
  { input: [5, 5], kernel: [2, 4], stride: [1, 1], dilation: [1, 1], sides: [0, 1, 1, 2] },
  // Totals 3 and 0: a stride beyond the window needs no zeros.
  { input: [6, 9], kernel: [2, 1], stride: [1, 3], dilation: [3, 1], sides: [1, 2, 0, 0] },
  // ResNet's first convolution in TensorFlow: 224 pixels, 7 by 7, stride 2.
  { input: [224, 224], kernel: [7, 7], stride: [2, 2], dilation: [1, 1], sides: [2, 3, 2, 3] },
] as const)('$kernel over $input, stride $stride, dilation $dilation', ({ sides, ...geometry }) => {
  expect(toSides('same', geometry)).toEqual(sides)
})
