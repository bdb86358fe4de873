import { describe, expect, it } from 'vitest'
import { earlyStoppingSchema } from '../spec/schedule-config.ts'
import { INITIAL_STOPPING_STATE, isPatienceSpent, observeStopping } from './improvement.ts'

/** Evaluations that were waited after each value. */
function waits(config: object, values: readonly number[], metric = 'eval/loss'): readonly number[] {
  const stopping = earlyStoppingSchema.parse({ metric, ...config })
  let state = INITIAL_STOPPING_STATE
  return values.map((value, step) => {
    state = observeStopping(stopping, state, step + 1, { [metric]: value })
    return state.waited
  })
}

describe('early stopping', () => {
  it('takes a change for an improvement when it is larger than min_delta', () => {
    expect(waits({}, [1, 1, 0.5, 0.75])).toEqual([0, 1, 0, 1])
    expect(waits({ min_delta: 0.25 }, [1, 0.75, 0.5, 0.25])).toEqual([0, 1, 0, 1])
  })

  it('knows which way is better, unless it is told', () => {
    expect(waits({}, [1, 2, 3], 'eval/accuracy')).toEqual([0, 0, 0])
    expect(waits({}, [1, 2, 3], 'eval/digit/loss')).toEqual([0, 1, 2])
    expect(waits({ mode: 'max' }, [1, 2, 3])).toEqual([0, 0, 0])
  })

  it('waits as long as its patience', () => {
    const stopping = earlyStoppingSchema.parse({ patience: 2 })
    expect([1, 2].map((waited) => isPatienceSpent(stopping, { ...INITIAL_STOPPING_STATE, waited }))).toEqual([false, true])
  })

  it('does not count an evaluation without its metric', () => {
    const stopping = earlyStoppingSchema.parse({ metric: 'eval/accuracy' })
    expect(observeStopping(stopping, INITIAL_STOPPING_STATE, 1, { 'eval/loss': 1 })).toBe(INITIAL_STOPPING_STATE)
  })
})
