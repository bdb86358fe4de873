// Numbers of the C interface: dnnl_types.h of 2.6 and 3.x. Only eltwise algorithms and a few arguments differ.

import type {
  BinaryAlgorithm,
  ConvolutionAlgorithm,
  DataType,
  EltwiseAlgorithm,
  NormalizationFlag,
  PoolingAlgorithm,
  Propagation,
  QueryName,
  ResamplingAlgorithm,
  TaggedLayout,
} from './binding.ts'

export const DATA_TYPE = { f32: 3, s32: 4, u8: 6 } as const satisfies { [K in DataType]: number }

export const PROPAGATION = { training: 64, inference: 96 } as const satisfies { [K in Propagation]: number }

/** By data and by scale and shift. */
export const BACKWARD = 128

export const CPU = 1
export const STREAM_IN_ORDER = 1

export const CONVOLUTION = { direct: 1, winograd: 2 } as const satisfies { [K in ConvolutionAlgorithm]: number }

export const POOLING = {
  max: 0x1ff,
  averageWithPadding: 0x2ff,
  averageWithoutPadding: 0x3ff,
} as const satisfies { [K in PoolingAlgorithm]: number }

export const RESAMPLING = { nearest: 0x2fff0, linear: 0x2fff1 } as const satisfies { [K in ResamplingAlgorithm]: number }

export const SOFTMAX_ACCURATE = 0x30000

export const BINARY = { add: 0x1fff0, mul: 0x1fff1, div: 0x1fff4, sub: 0x1fff5, equal: 0x1fffa } as const satisfies {
  [K in BinaryAlgorithm]: number
}

export const ELTWISE_V2 = {
  relu: 0x1f,
  tanh: 0x2f,
  elu: 0x3f,
  gelu_erf: 0x30,
  square: 0x4f,
  sqrt: 0x6f,
  linear: 0x7f,
  soft_relu: 0x9f,
  logistic: 0xaf,
  gelu_tanh: 0xcf,
  swish: 0xdf,
  clip: 0xff,
  relu_from_output: 0x100,
  tanh_from_output: 0x101,
  elu_from_output: 0x102,
  logistic_from_output: 0x104,
} as const satisfies { [K in EltwiseAlgorithm]: number }

export const ELTWISE_V3 = {
  relu: 0x20,
  tanh: 0x21,
  elu: 0x22,
  square: 0x23,
  sqrt: 0x25,
  linear: 0x26,
  soft_relu: 0x27,
  logistic: 0x29,
  gelu_tanh: 0x2b,
  swish: 0x2c,
  clip: 0x2e,
  gelu_erf: 0x31,
  relu_from_output: 0x100,
  tanh_from_output: 0x101,
  elu_from_output: 0x102,
  logistic_from_output: 0x104,
} as const satisfies { [K in EltwiseAlgorithm]: number }

export const NORMALIZATION_V2 = { fixedStatistics: 1, relu: 4, scale: 8, shift: 16 } as const satisfies NormalizationFlags
export const NORMALIZATION_V3 = { fixedStatistics: 1, relu: 8, scale: 2, shift: 4 } as const satisfies NormalizationFlags

type NormalizationFlags = { [K in NormalizationFlag]: number }

export const QUERY_IMPLEMENTATION = 8

export const QUERY = {
  source: 129,
  dSource: 130,
  weights: 131,
  dWeights: 132,
  destination: 133,
  dDestination: 134,
  workspace: 135,
} as const satisfies { [K in QueryName]: number }

/** dnnl_format_tag_t: any, aBcd8b, aBcd16b. */
export const TAG_V2 = { any: 1, blocks8: 93, blocks16: 69 } as const satisfies { [K in TaggedLayout]: number }
export const TAG_V3 = { any: 1, blocks8: 102, blocks16: 78 } as const satisfies { [K in TaggedLayout]: number }

/** dnnl_cpu_isa_t, widest first; each wider set contains the bits of the narrower ones. Source: dnnl_types.h. */
export const INSTRUCTION_SETS = [
  [0x67, 'avx512_vnni'],
  [0x27, 'avx512'],
  [0x7, 'avx2'],
  [0x3, 'avx'],
  [0x1, 'sse41'],
] as const
