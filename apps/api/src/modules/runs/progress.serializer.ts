import type { Progress } from '@trainyard/contracts'
import type { RunRecord } from '@trainyard/database'

type RunProgress = Pick<
  RunRecord,
  'state' | 'phase' | 'lastStep' | 'totalSteps' | 'epoch' | 'totalEpochs' | 'samplesPerSecond' | 'batchSize'
>

/** From the row alone, not from the clock: it changes when the run does. */
export function serializeProgress(run: RunProgress): Progress {
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

function remainingSeconds({ state, batchSize, lastStep, totalSteps, samplesPerSecond }: RunProgress): number | null {
  if (state !== 'running' || batchSize === null || totalSteps === null || !samplesPerSecond) return null
  return (Math.max(0, totalSteps - lastStep) * batchSize) / samplesPerSecond
}
