export { ACTIVATION_FUNCTIONS, ACTIVATION_NAMES, type ActivationFunctionEntry } from './activation-functions.ts'
export type {
  ActivationAttributes,
  ActivationFunction,
  AdamAttributes,
  AveragePoolingAttributes,
  ConvolutionAttributes,
  DropoutAttributes,
  NormalizationAttributes,
  OpAttributes,
  OpAttributeTable,
  OpName,
  Pair,
  PoolingAttributes,
  RunningStatisticsAttributes,
  SgdAttributes,
  Sides,
  SquaredErrorAttributes,
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
export { type EmitOptions, ForwardBuilder, ProgramBuilder } from './program-builder.ts'
export { OP_NAMES, OPS, opOf } from './registry.ts'
