export {
  type Graph,
  type GraphOutput,
  inferenceNodes,
  type LayerSummary,
  type ParameterInfo,
  type PhaseSplit,
  trainingNodes,
} from './graph.ts'
export type { Node, Phase, Program, ProgramNode, Segment } from './program.ts'
export { type ElementType, elementCount, type Shape, type Tensor, type TensorId, type TensorRole, type TensorType } from './tensor.ts'
