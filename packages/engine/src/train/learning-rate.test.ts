// Every schedule against torch.optim.lr_scheduler over 30 steps (golden/schedules.py made the truth).

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { scheduleConfigSchema } from '../spec/schedule-config.ts'
import { observePlateau, type PlateauState } from './improvement.ts'
import { learningRateAt } from './learning-rate.ts'

interface Golden {
  readonly name: string
  readonly schedule: { readonly type: string }
  readonly steps_per_epoch?: number
  readonly values?: readonly number[]
  readonly rates: readonly number[]
}

const GOLDEN: readonly Golden[] = JSON.parse(readFileSync(new URL('../../golden/schedules.golden.json', import.meta.url), 'utf8'))
const RATE = 0.1
const isPlateau = ({ schedule }: Golden) => schedule.type === 'reduce_on_plateau'

describe('a schedule has the rates of PyTorch', () => {
  it.each(GOLDEN.filter((golden) => !isPlateau(golden)))('$name', ({ schedule, steps_per_epoch: stepsPerEpoch = 1, rates }) => {
    const config = scheduleConfigSchema.parse(schedule)
    rates.forEach((rate, step) => {
      expect(learningRateAt(config, RATE, step, { totalSteps: rates.length, stepsPerEpoch }), `step ${step}`).toBeCloseTo(rate, 12)
    })
  })

  it.each(GOLDEN.filter(isPlateau))('$name', ({ schedule, values = [], rates }) => {
    const config = scheduleConfigSchema.parse(schedule)
    if (config.type !== 'reduce_on_plateau') throw new Error('not a plateau')
    let state: PlateauState = { rate: RATE, best: null, waited: 0, cooldown: 0 }
    expect(new Set(rates).size).toBeGreaterThan(1)
    values.forEach((value, i) => {
      state = observePlateau(config, state, value)
      expect(state.rate, `evaluation ${i}`).toBeCloseTo(rates[i] ?? Number.NaN, 12)
    })
  })

  it('for all schedules that there are', () => {
    const known = scheduleConfigSchema.options.map(({ shape }) => shape.type.value)
    expect([...new Set(GOLDEN.map(({ schedule }) => schedule.type))].sort()).toEqual([...known].sort())
  })
})

describe('one cycle over very few steps', () => {
  it.each([1, 2, 3])('has finite rates over %i', (totalSteps) => {
    const config = scheduleConfigSchema.parse({ type: 'one_cycle' })
    for (let step = 0; step < totalSteps; step++) {
      const rate = learningRateAt(config, RATE, step, { totalSteps, stepsPerEpoch: 1 })
      expect(rate).toBeGreaterThan(0)
      expect(rate).toBeLessThanOrEqual(RATE)
    }
  })
})

describe('after a warm-up', () => {
  it('a cosine spans the steps that are left', () => {
    const config = scheduleConfigSchema.parse({ type: 'cosine', warmup: { steps: 4 } })
    const at = (step: number) => learningRateAt(config, RATE, step, { totalSteps: 12, stepsPerEpoch: 1 })
    expect([0, 2, 4, 8, 11].map(at)).toEqual(
      // Half of 8 steps are half a cosine; at the last one, 1/8 of it is left.
      [0, RATE / 2, RATE, RATE / 2, (RATE / 2) * (1 - Math.cos(Math.PI / 8))].map((rate) => expect.closeTo(rate, 12)),
    )
  })
})

describe('by epochs of which the last one is short', () => {
  it('a cosine counts it as one', () => {
    const config = scheduleConfigSchema.parse({ type: 'cosine', per: 'epoch' })
    const at = (step: number) => learningRateAt(config, RATE, step, { totalSteps: 25, stepsPerEpoch: 10 })
    // CosineAnnealingLR with T_max 3: cosines of 0, 60 and 120 degrees.
    expect([0, 9, 10, 20, 24].map(at)).toEqual([RATE, RATE, 0.75 * RATE, 0.25 * RATE, 0.25 * RATE].map((rate) => expect.closeTo(rate, 12)))
  })
})
