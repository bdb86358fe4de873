export { OPTIMIZERS, type OptimizerRule, optimizerRule, type UpdateOperands } from './optimizers.ts'
