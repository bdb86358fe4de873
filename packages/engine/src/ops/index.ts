export { ACTIVATION_FUNCTIONS, ACTIVATION_NAMES, type ActivationFunctionEntry } from './activation-functions.ts'
export type {
  ActivationAttributes,
  ActivationFunction,
  AdamAttributes,
  AveragePoolingAttributes,
  ConvolutionAttributes,
  CrossEntropyAttributes,
  DropoutAttributes,
  MarginAttributes,
  NormalizationAttributes,
  OpAttributes,
  OpAttributeTable,
  OpName,
  Pair,
  PointwiseLossAttributes,
  PointwiseLossFunction,
  PoolingAttributes,
  RunningStatisticsAttributes,
  SgdAttributes,
  Sides,
  UpsamplingAttributes,
} from './attributes.ts'
export { nodeCost, totalCost } from './node-cost.ts'
export {
  type Cost,
  type Derivative,
  type DerivativeContext,
  type GradientBuilder,
  type Op,
  type OpErrorSample,
  type OpSample,
  type SampleInput,
  ShapeError,
} from './op.ts'
export { POINTWISE_LOSS_FUNCTIONS, POINTWISE_LOSS_NAMES, type PointwiseLossEntry } from './pointwise-loss-functions.ts'
export { type EmitOptions, ForwardBuilder, ProgramBuilder } from './program-builder.ts'
export { OP_NAMES, OPS, opOf } from './registry.ts'
