// What a page claims, in a form that can be checked: a number or a list of them, and what it should be.

import { z } from 'zod'
import type { FinishedJob } from './run-job.ts'

const job = z.string().default('main')

const measureSchema = z.union([
  /** A metric series: its last value, or the one at a step. */
  z.strictObject({ job, metric: z.string(), step: z.int().positive().optional() }),
  /** A metric of the run's result. */
  z.strictObject({ job, result: z.string() }),
  /** A tensor of the final checkpoint, row by row. */
  z.strictObject({ job, tensor: z.string() }),
  /** Outputs of the final model for raw inputs. */
  z.strictObject({ job, predict: z.array(z.array(z.number())).min(1) }),
  /** Learned numbers of the model. */
  z.strictObject({ job, count: z.literal('parameters') }),
])
type Measure = z.output<typeof measureSchema>

export const expectationSchema = z
  .strictObject({
    of: measureSchema,
    /** Divides the first number by that of another measure. */
    over: measureSchema.optional(),
    equals: z.union([z.number(), z.array(z.number())]).optional(),
    /** Largest difference from `equals`. */
    within: z.number().nonnegative().default(1e-6),
    at_least: z.number().optional(),
    at_most: z.number().optional(),
  })
  .refine(({ equals, at_least, at_most }) => equals !== undefined || at_least !== undefined || at_most !== undefined, 'nothing is expected')
export type Expectation = z.output<typeof expectationSchema>

/** Null where it holds, else what was found. */
export async function violationOf(expectation: Expectation, jobs: ReadonlyMap<string, FinishedJob>): Promise<string | null> {
  const { of, over, equals, within, at_least: least, at_most: most } = expectation
  const [divisor = Number.NaN] = over === undefined ? [1] : await measure(over, jobs)
  const found = (await measure(of, jobs)).map((value) => value / divisor)
  const wanted = equals === undefined ? null : [equals].flat()
  const isEqual =
    wanted === null || (wanted.length === found.length && wanted.every((value, i) => Math.abs(value - (found[i] ?? Number.NaN)) <= within))
  const isInRange = found.every((value) => (least === undefined || value >= least) && (most === undefined || value <= most))
  return isEqual && isInRange ? null : `${JSON.stringify(expectation)}: found ${found.join(', ')}`
}

async function measure(of: Measure, jobs: ReadonlyMap<string, FinishedJob>): Promise<readonly number[]> {
  const finished = jobs.get(of.job)
  if (finished === undefined) throw new Error(`the page has no job "${of.job}"`)
  if ('count' in of) return [finished.parameters]
  if ('result' in of) return [finished.metrics[of.result] ?? Number.NaN]
  if ('predict' in of) return (await finished.predict(of.predict)).flat()
  if ('tensor' in of) {
    const values = finished.tensor(of.tensor)
    if (values === undefined) throw new Error(`job "${of.job}" has no tensor "${of.tensor}"`)
    return [...values]
  }
  const points = finished.series.get(of.metric)
  const step = of.step ?? Math.max(...(points?.keys() ?? []))
  const value = points?.get(step)
  if (value === undefined)
    throw new Error(`job "${of.job}" has no ${of.metric} at step ${step}; it has ${[...finished.series.keys()].join(', ')}`)
  return [value]
}
