// Reduction of the rate on a plateau, and early stopping: two observers of an evaluation metric. Their states are plain numbers and part of
// the loop's state, so that a resumed run decides as an undisturbed one.

import { isLowerBetter } from '../spec/metric-config.ts'
import type { EarlyStopping, ScheduleConfig } from '../spec/schedule-config.ts'

export type PlateauConfig = Extract<ScheduleConfig, { type: 'reduce_on_plateau' }>

export interface PlateauState {
  readonly rate: number
  /** Null before the first evaluation. */
  readonly best: number | null
  /** Evaluations without improvement. */
  readonly waited: number
  /** Evaluations that are not counted any more. */
  readonly cooldown: number
}

export interface StoppingState {
  /** Null before the first evaluation. */
  readonly best: { readonly step: number; readonly value: number; readonly metrics: Readonly<Record<string, number>> } | null
  /** Evaluations without improvement. */
  readonly waited: number
  /** Whether the weights of the best evaluation are the model's again: the end. */
  readonly restored: boolean
}

export const INITIAL_STOPPING_STATE: StoppingState = { best: null, waited: 0, restored: false }

/** The smallest change of a rate that is made, as in PyTorch. */
const RATE_EPSILON = 1e-8

function isMinimized({ metric, mode }: Pick<EarlyStopping, 'metric' | 'mode'>): boolean {
  return mode === undefined ? isLowerBetter(metric) : mode === 'min'
}

/** The state after an evaluation. */
export function observePlateau(config: PlateauConfig, state: PlateauState, value: number): PlateauState {
  const { factor, patience, minimum } = config
  const isBetter = state.best === null || isBeyond(config, value, state.best)
  const best = isBetter ? value : state.best
  const cooldown = Math.max(0, state.cooldown - 1)
  const waited = isBetter || state.cooldown > 0 ? 0 : state.waited + 1
  if (waited <= patience) return { rate: state.rate, best, waited, cooldown }
  const reduced = Math.max(state.rate * factor, minimum)
  return { rate: state.rate - reduced > RATE_EPSILON ? reduced : state.rate, best, waited: 0, cooldown: config.cooldown }
}

function isBeyond(config: PlateauConfig, value: number, best: number): boolean {
  const { threshold, threshold_mode: thresholdMode } = config
  const sign = isMinimized(config) ? -1 : 1
  const bound = thresholdMode === 'relative' ? best * (1 + sign * threshold) : best + sign * threshold
  return sign * value > sign * bound
}

/** The state after an evaluation; `best.step` is this step where it was the best so far. */
export function observeStopping(
  config: EarlyStopping,
  state: StoppingState,
  step: number,
  metrics: Readonly<Record<string, number>>,
): StoppingState {
  const value = metrics[config.metric]
  if (value === undefined) return state
  const sign = isMinimized(config) ? -1 : 1
  const isBetter = state.best === null || sign * (value - state.best.value) > config.min_delta
  return isBetter ? { ...state, best: { step, value, metrics }, waited: 0 } : { ...state, waited: state.waited + 1 }
}

export function isPatienceSpent({ patience }: EarlyStopping, { waited }: StoppingState): boolean {
  return waited >= patience
}
