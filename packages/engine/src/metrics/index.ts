export { type ClassScores, CONFUSION_CLASSES_MAX } from './class-counts.ts'
export { type ClassReport, EvaluationMeter, type MeterOptions } from './evaluation-meter.ts'
