export { LOSSES, type LossOperands, type LossRule, lossRule } from './losses.ts'
