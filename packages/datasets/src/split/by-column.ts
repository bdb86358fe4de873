// The data says it: a column names each row's split.

import { TEST, TRAIN, VALIDATION } from './assignment.ts'

/** Spellings of the splits, in lower case. */
const SPELLINGS: Readonly<Record<string, number>> = {
  train: TRAIN,
  training: TRAIN,
  validation: VALIDATION,
  valid: VALIDATION,
  val: VALIDATION,
  dev: VALIDATION,
  test: TEST,
  testing: TEST,
  holdout: TEST,
}

export interface SplitValues {
  readonly train?: readonly string[] | undefined
  readonly validation?: readonly string[] | undefined
  readonly test?: readonly string[] | undefined
}

/**
 * Value → mark, or undefined for a value that names no split.
 * @param values which values mean which split. Default: the usual spellings, in upper or lower case.
 */
export function splitOfValue(values: SplitValues | undefined): (value: string) => number | undefined {
  if (values === undefined) return (value) => (Object.hasOwn(SPELLINGS, value.toLowerCase()) ? SPELLINGS[value.toLowerCase()] : undefined)
  const marks = new Map<string, number>()
  for (const value of values.train ?? []) marks.set(value, TRAIN)
  for (const value of values.validation ?? []) marks.set(value, VALIDATION)
  for (const value of values.test ?? []) marks.set(value, TEST)
  return (value) => marks.get(value)
}
