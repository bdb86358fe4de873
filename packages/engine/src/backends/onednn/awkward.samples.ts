// Shapes on which vector kernels and blocked layouts tend to fail: few and odd channels, batch 1, odd sizes, uneven padding.

import type { ConvolutionAttributes, OpAttributeTable, OpName, OpSample, PoolingAttributes } from '../../ops/index.ts'

type Samples = { readonly [K in OpName]?: readonly OpSample<OpAttributeTable[K]>[] }

const real = (...shape: number[]) => ({ shape, type: 'real' }) as const

const usual: ConvolutionAttributes = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 }

function convolutions(): OpSample<ConvolutionAttributes>[] {
  const channels = [1, 3, 17].flatMap((C) => [1, 3, 17].map((K) => [C, K] as const))
  return [
    ...channels.map(([C, K]) => ({
      name: `${C} to ${K} channels, odd size, uneven padding`,
      inputs: [real(2, C, 9, 7), real(K, C, 3, 3), real(K)],
      attributes: { ...usual, padding: [0, 2, 1, 0] } as const,
    })),
    {
      name: 'batch 1, stride larger than the kernel, 17 to 33 channels',
      inputs: [real(1, 17, 13, 11), real(33, 17, 2, 2)],
      attributes: { ...usual, stride: [3, 4] },
    },
    {
      name: 'dilated, strided, padded, 16 to 8 channels',
      inputs: [real(3, 16, 15, 14), real(8, 16, 3, 3), real(8)],
      attributes: { ...usual, stride: [2, 3], dilation: [2, 1], padding: [2, 1, 0, 1] },
    },
    {
      name: '17 groups of one',
      inputs: [real(2, 17, 6, 5), real(17, 1, 3, 3), real(17)],
      attributes: { ...usual, groups: 17, padding: [1, 1, 1, 1] },
    },
    { name: '2 groups of 16', inputs: [real(2, 32, 6, 5), real(16, 16, 3, 3)], attributes: { ...usual, groups: 2 } },
    { name: '1 by 1, one pixel', inputs: [real(1, 24, 1, 1), real(40, 24, 1, 1), real(40)], attributes: usual },
    {
      name: '32 to 48 channels in tiles of Winograd, odd size, uneven padding',
      inputs: [real(16, 32, 7, 9), real(48, 32, 3, 3), real(48)],
      attributes: { ...usual, padding: [1, 1, 0, 2] },
    },
    {
      name: '128 to 160 channels of 2 by 2 pixels',
      inputs: [real(16, 128, 2, 2), real(160, 128, 3, 3), real(160)],
      attributes: { ...usual, padding: [1, 1, 1, 1] },
    },
    { name: '16 to 16 channels', inputs: [real(2, 16, 9, 8), real(16, 16, 3, 3)], attributes: { ...usual, padding: [1, 1, 1, 1] } },
    { name: 'lenet5 conv1', inputs: [real(4, 1, 28, 28), real(6, 1, 5, 5), real(6)], attributes: { ...usual, padding: [2, 2, 2, 2] } },
    { name: 'lenet5 conv2', inputs: [real(4, 6, 14, 14), real(16, 6, 5, 5), real(16)], attributes: usual },
  ]
}

function poolings(): OpSample<PoolingAttributes>[] {
  return [1, 3, 8, 17].map((C) => ({
    name: `${C} channels, odd size, uneven padding`,
    inputs: [{ ...real(2, C, 9, 7), distinct: true }],
    attributes: { kernel: [3, 2], stride: [2, 3], padding: [1, 0, 0, 1] },
  }))
}

const square = { stride: [2, 2], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const

/** As the forward op of transposed convolutions: 4 by 4 windows that double the size. */
function transposedConvolutions(): OpSample<OpAttributeTable['conv2d_backward_data']>[] {
  return [
    [1, 1],
    [32, 16],
    [16, 1],
    [17, 3],
  ].map(([C, K]) => ({
    name: `transposed, ${C} to ${K} channels, twice the size`,
    inputs: [real(2, C as number, 7, 5), real(C as number, K as number, 4, 4)],
    attributes: { ...square, inputSize: [14, 10] },
  }))
}

export const AWKWARD_SAMPLES: Samples = {
  conv2d: convolutions(),
  conv2d_backward_data: transposedConvolutions(),
  max_pool2d: poolings(),
  avg_pool2d: poolings().flatMap(({ name, inputs, attributes }) =>
    [true, false].map((countIncludePadding) => ({
      name: `${name}, padding counts: ${countIncludePadding}`,
      inputs,
      attributes: { ...attributes, countIncludePadding },
    })),
  ),
  upsample2d: [1, 3, 8, 17].flatMap((C) =>
    (['nearest', 'bilinear'] as const).map((mode) => ({
      name: `${C} channels, odd size, ${mode}`,
      inputs: [real(2, C, 5, 3)],
      attributes: { scale: [2, 3] as const, mode },
    })),
  ),
  bias_add: [1, 3, 8, 17].map((C) => ({ name: `${C} channels, odd size`, inputs: [real(2, C, 5, 3), real(C)], attributes: {} })),
  concatenate: [
    { name: '16 and 8 channels', inputs: [real(2, 16, 5, 3), real(2, 8, 5, 3)], attributes: {} },
    { name: '1, 3 and 17 channels', inputs: [real(1, 1, 5, 3), real(1, 3, 5, 3), real(1, 17, 5, 3)], attributes: {} },
  ],
  dense: [
    { name: 'one by one', inputs: [real(1, 1), real(1, 1), real(1)], attributes: {} },
    { name: '17 rows of 33 to 129', inputs: [real(17, 33), real(129, 33), real(129)], attributes: {} },
    { name: '128 rows of 400 to 10, no bias', inputs: [real(128, 400), real(10, 400)], attributes: {} },
  ],
  // Many enough numbers for the library, with rests.
  penalty_gradient: [{ name: '5,003 numbers, l1 and l2', inputs: [real(5003), real(5003)], attributes: { l1: 0.1, l2: 0.3 } }],
  clip_by_value: [{ name: '5,003 numbers', inputs: [real(5003)], attributes: { bound: 0.4 } }],
  clip_by_norm: [{ name: '5,003 numbers', inputs: [real(5003), { ...real(3), low: 1, high: 3 }], attributes: { bound: 0.5 } }],
  l2_norms: [
    { name: '5,003, 7 and 53 by 47 numbers', inputs: [real(5003), real(7), { ...real(53, 47), low: 100, high: 200 }], attributes: {} },
  ],
  max_norm: [
    { name: '33 units of 129', inputs: [real(33, 129)], attributes: { bound: 6.4 } },
    { name: '10 units of 16 by 5 by 5', inputs: [real(10, 16, 5, 5)], attributes: { bound: 11.5 } },
  ],
}
