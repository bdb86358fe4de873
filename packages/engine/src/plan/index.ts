export type { ModelHead } from './build-head.ts'
export {
  type Bindings,
  type BuildModelOptions,
  buildModel,
  type CompiledModel,
  type ModelParameter,
  type ModelTraining,
} from './build-model.ts'
export type { GradientNorms, LearningRateInput, ModelSlot } from './build-update.ts'
export { type Estimate, type EstimateTrainingOptions, estimateModel, estimateTraining, type MemoryEstimate } from './estimate.ts'
export { type MemoryPlan, type MemoryRequest, type Place, planMemory } from './memory.ts'
