export { type AnalyzedLayer, DEFAULT_LIMITS, type ModelLimits } from './analyze.ts'
export {
  type Augmentation,
  type AugmentationOf,
  type AugmentationType,
  augmentationSchema,
  cropWindow,
  validateAugmentation,
} from './augmentation-config.ts'
export { type BuildOptions, buildGraph } from './build-graph.ts'
export { type ExplainedLayer, type Explanation, explainModel, formatExplanation } from './explain.ts'
export {
  type DatasetTargets,
  describeTarget,
  type Head,
  type HeadTarget,
  type InputColumns,
  type InputPlaces,
  placeInputs,
  type TrainedHead,
  trainedHeads,
} from './head-config.ts'
export { limitIssues, type Parsed, parseWithIssues } from './issues.ts'
export { fitLoss, type LossConfig, type LossFit, lossConfigSchema, resolveClassWeights, type TargetDescription } from './loss-config.ts'
export { chosenMetrics, isLowerBetter, type MetricName, type MetricTarget, metricNameSchema, metricTarget } from './metric-config.ts'
export {
  type GraphSpec,
  graphSpecSchema,
  type LayerConfig,
  type LayersSpec,
  layerSchema,
  layersSpecSchema,
  type ModelSpec,
  type ModelSpecInput,
  modelSpecSchema,
  type NodeConfig,
  nodeSchema,
  type PresetSpec,
  presetSpecSchema,
  residualConfigSchema,
  sequentialConfigSchema,
} from './model-spec.ts'
export {
  type Diagnostics,
  type GradientClipping,
  type OptimizerConfig,
  optimizerConfigSchema,
  type ParameterGroup,
  type Regularization,
} from './optimizer-config.ts'
export { parameterShapes, stateShapes } from './parameters.ts'
export { expandPreset, isPresetName, PRESET_NAMES, PRESETS, type PresetName, presetOptions } from './presets/registry.ts'
export { type ResolvedModel, resolveModel } from './resolve-model.ts'
export { type OutputChoice, selectTrained } from './select-trained.ts'
export {
  seedSchema,
  type TrainingConfig,
  type TrainingConfigInput,
  trainingConfigSchema,
} from './training-config.ts'
export {
  frozenParameters,
  type NamedShape,
  planTransfer,
  type TransferOptions,
  type TransferPlan,
  type TransferStep,
} from './transfer-plan.ts'
export { type Transform, type TransformType, transformSchema, transformsSchema } from './transforms-config.ts'
export { type ModelValidation, type ValidateOptions, validateModelSpec } from './validate-model.ts'
export {
  type DatasetDescription,
  type TrainingValidation,
  type ValidateTrainingOptions,
  validateTraining,
  validateTrainingConfig,
} from './validate-training.ts'
