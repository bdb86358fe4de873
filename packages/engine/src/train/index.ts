export type { ClassReport } from '../metrics/index.ts'
export {
  type Checkpoint,
  type CheckpointHeader,
  type CheckpointMetadata,
  decodeCheckpoint,
  decodeCheckpointHeader,
  encodeCheckpoint,
} from './checkpoint.ts'
export { type Evaluation, type EvaluationData, evaluate, type HeadPlan, type HeadReport } from './evaluation.ts'
export { type LabelDescription, type TargetSource, targetSources } from './head-targets.ts'
export { learningRateAt } from './learning-rate.ts'
export {
  type BatchSource,
  type EndReason,
  INITIAL_LOOP_STATE,
  type LoopEvent,
  type LoopPoint,
  type LoopState,
  TrainingLoop,
  type TrainingLoopOptions,
} from './loop.ts'
export { planHeads } from './plan-heads.ts'
export { planSchedule, type Schedule } from './schedule.ts'
export { type Batch, createSession, type ImportOptions, type Session, type SessionOptions } from './session.ts'
export type { StateTensor, StateTensors } from './state.ts'
export { stateParameters, transferredState } from './transfer.ts'
