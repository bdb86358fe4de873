export {
  type Bindings,
  type BuildModelOptions,
  buildModel,
  type CompiledModel,
  type ModelParameter,
  type ModelSlot,
} from './build-model.ts'
export { type Estimate, estimateModel, estimateTraining, type MemoryEstimate } from './estimate.ts'
export { type MemoryPlan, type MemoryRequest, type Place, planMemory } from './memory.ts'
