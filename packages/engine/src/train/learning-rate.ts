// The learning rate of every step: a pure function of the step, except for a rate that is reduced on a plateau.

import type { ScheduleConfig } from '../spec/schedule-config.ts'
import type { Schedule } from './schedule.ts'

interface Position {
  /** Steps since the schedule began, 0-based. */
  readonly step: number
  /** Steps from its beginning to the end of the run. */
  readonly steps: number
  readonly stepsPerEpoch: number
}

type RuleOf<C> = (config: C, rate: number, position: Position) => number

/** Epochs or steps since the beginning, and in all. */
function unitsOf({ step, steps, stepsPerEpoch }: Position, per: 'epoch' | 'step'): { readonly t: number; readonly total: number } {
  const size = per === 'epoch' ? stepsPerEpoch : 1
  return { t: Math.floor(step / size), total: Math.ceil(steps / size) }
}

/** From one rate to another along half a cosine; `part` from 0 to 1. */
function anneal(from: number, to: number, part: number): number {
  return to + ((from - to) / 2) * (1 + Math.cos(Math.PI * part))
}

const RULES: { readonly [T in ScheduleConfig['type']]: RuleOf<Extract<ScheduleConfig, { type: T }>> } = {
  constant: (_, rate) => rate,
  step: ({ step_size: size, gamma, per }, rate, position) => rate * gamma ** Math.floor(unitsOf(position, per).t / size),
  multi_step: ({ milestones, gamma, per }, rate, position) => {
    const { t } = unitsOf(position, per)
    return rate * gamma ** milestones.filter((milestone) => milestone <= t).length
  },
  exponential: ({ gamma, per }, rate, position) => rate * gamma ** unitsOf(position, per).t,
  cosine: ({ minimum, per }, rate, position) => {
    const { t, total } = unitsOf(position, per)
    return anneal(rate, minimum, t / total)
  },
  one_cycle: ({ warmup_fraction: fraction, initial_divisor: initial, final_divisor: final }, rate, { step, steps }) => {
    const first = rate / initial
    const peak = Math.max(0, fraction * steps - 1)
    if (step <= peak) return peak === 0 ? rate : anneal(first, rate, step / peak)
    return anneal(rate, first / final, (step - peak) / (steps - 1 - peak))
  },
  // The loop keeps the reduced rate, and gives it.
  reduce_on_plateau: (_, rate) => rate,
}

/**
 * The rate of a step.
 * @param step 0-based
 * @param rate the optimizer's, or what a plateau has reduced it to
 * @example learningRateAt({ type: 'step', step_size: 30, gamma: 0.1, per: 'epoch' }, 0.1, 0, schedule) // 0.1
 */
export function learningRateAt<C extends ScheduleConfig>(
  config: C,
  rate: number,
  step: number,
  { totalSteps, stepsPerEpoch }: Pick<Schedule, 'totalSteps' | 'stepsPerEpoch'>,
): number {
  const warmup = 'warmup' in config ? config.warmup : undefined
  const begins = warmup?.steps ?? 0
  if (warmup !== undefined && step < begins) return rate * (warmup.start_factor + (1 - warmup.start_factor) * (step / begins))
  return ruleOf(config.type)(config as never, rate, { step: step - begins, steps: totalSteps - begins, stepsPerEpoch })
}

function ruleOf<T extends ScheduleConfig['type']>(type: T): RuleOf<Extract<ScheduleConfig, { type: T }>> {
  return RULES[type]
}
