export { checkGradient, GRADIENT_EPSILON, GRADIENT_TOLERANCE, type GradientCheck } from './gradient-check.ts'
export { buildSweep, worstDifference } from './op-sweep.ts'
export { type Given, labels, runOp, tensor } from './run-op.ts'
export { sampleValues } from './sample-values.ts'
