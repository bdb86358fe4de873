import type { Progress } from '@trainyard/contracts'
import type { RunRecord } from '@trainyard/database'

/** From the row alone, not from the clock: it changes when the run does. */
export function serializeProgress(run: RunRecord): Progress {
  return {
    phase: run.phase,
    step: run.lastStep,
    total_steps: run.totalSteps,
    epoch: run.epoch,
    total_epochs: run.totalEpochs,
    samples_per_second: run.samplesPerSecond,
    eta_seconds: remainingSeconds(run),
  }
}

function remainingSeconds({ state, config, lastStep, totalSteps, samplesPerSecond }: RunRecord): number | null {
  if (state !== 'running' || config.kind !== 'train' || totalSteps === null || !samplesPerSecond) return null
  return (Math.max(0, totalSteps - lastStep) * config.training.batch_size) / samplesPerSecond
}
