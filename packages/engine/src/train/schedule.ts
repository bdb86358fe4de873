// When a run logs, evaluates, checkpoints and ends, in steps. Pure arithmetic over the configuration; time is the loop's affair.

import { isLowerBetter } from '../spec/metric-config.ts'
import type { TrainingConfig } from '../spec/training-config.ts'

/** Points of a training curve that a run of any length has at most, unless the user sets the interval. */
const POINTS_MAX = 1000

export interface Schedule {
  /** Rows that an epoch visits. */
  readonly rows: number
  readonly stepsPerEpoch: number
  readonly totalSteps: number
  /** Steps between two points of the training curve. */
  readonly logEverySteps: number
}

/** @param trainRows Rows of the training split, before `sample_limit`. */
export function planSchedule(training: TrainingConfig, trainRows: number): Schedule {
  const rows = Math.min(trainRows, training.sample_limit ?? trainRows)
  const batches = rows / training.batch_size
  const stepsPerEpoch = training.drop_last ? Math.floor(batches) : Math.ceil(batches)
  const totalSteps = Math.min(training.epochs * stepsPerEpoch, training.max_steps ?? Number.MAX_SAFE_INTEGER)
  return { rows, stepsPerEpoch, totalSteps, logEverySteps: training.log_every_steps ?? Math.ceil(totalSteps / POINTS_MAX) }
}

export function isLogDue(schedule: Schedule, step: number): boolean {
  return step % schedule.logEverySteps === 0 || step === schedule.totalSteps
}

/** At the end of every n-th epoch and of the run. */
export function isEvaluationDue(schedule: Schedule, training: TrainingConfig, step: number): boolean {
  if (step === schedule.totalSteps) return true
  return step > 0 && step % (schedule.stepsPerEpoch * training.evaluate.every_epochs) === 0
}

/** By steps and epochs; `every_seconds` is for the loop, which has the clock. */
export function isCheckpointDue(schedule: Schedule, training: TrainingConfig, step: number): boolean {
  const { every_steps, every_epochs } = training.checkpoint
  return (
    (every_steps !== undefined && step % every_steps === 0) ||
    (every_epochs !== undefined && step % (schedule.stepsPerEpoch * every_epochs) === 0)
  )
}

/** Whether a metric has reached what `stop_when` asks for: losses and errors from above, all others from below. */
export function isStopReached(training: TrainingConfig, metrics: Readonly<Record<string, number>>): boolean {
  if (training.stop_when === undefined) return false
  const { metric, value } = training.stop_when
  const current = metrics[metric]
  if (current === undefined) return false
  return isLowerBetter(metric) ? current <= value : current >= value
}
