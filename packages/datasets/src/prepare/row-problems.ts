// What can be wrong with a cell or a column of the rows, in words.

import type { Problem } from '../problems.ts'

export const missingValue = (row: number, column: string): Problem => ({
  severity: 'warning',
  code: 'missing_value',
  what: 'missing values',
  row,
  column,
  hint: 'They are filled by the transforms of the training (impute); fill them yourself where you know better.',
})

export function notANumber(row: number, column: string, example: string, texts: number): Problem {
  const hint = /^[+-]?\d+,\d+$/.test(example)
    ? 'Write decimal points, not commas.'
    : `Correct the ${texts === 1 ? 'cell' : 'cells'}, leave them empty, or name the column in "categories" or "ignore".`
  return { code: 'not_a_number', what: 'text where a number is expected', row, column, example, hint }
}

export const notAValue = (row: number, column: string, example: string): Problem => ({
  code: 'not_a_number',
  what: 'text where a number is expected',
  row,
  column,
  example,
  hint: 'Make the target numeric, or prepare it as classes with target_kind "class".',
})

export const outOfRange = (row: number, column: string, example: string): Problem => ({
  code: 'out_of_range',
  what: 'numbers that float32 cannot hold',
  row,
  column,
  example,
  hint: 'Scale the column below 3.4e38.',
})

export const missingTarget = (row: number, column: string): Problem => ({
  code: 'missing_target',
  what: 'rows without a target',
  row,
  column,
  hint: 'Fill the target, or remove the rows (mode "tolerant" leaves them out).',
})

export const notALabel = (row: number, column: string, example: string): Problem => ({
  code: 'not_a_label',
  what: 'something else than 0 and 1',
  row,
  column,
  example,
  hint: 'Columns of a multi_label target hold 1 where the label applies and 0 where it does not.',
})

export const missingKey = (row: number, column: string, by: string): Problem => ({
  code: 'missing_split_key',
  what: `rows without a ${by}`,
  row,
  column,
  hint: 'Fill the column, or split in another way.',
})

export const notATime = (row: number, column: string, example: string): Problem => ({
  code: 'not_a_time',
  what: 'neither a number nor an ISO 8601 date',
  row,
  column,
  example,
  hint: 'Write times as 2024-05-31 or 2024-05-31T12:00:00Z.',
})

export const unknownSplit = (row: number, column: string, example: string): Problem => ({
  code: 'unknown_split',
  what: 'a value that names no split',
  row,
  column,
  example,
  hint: 'Use train, validation and test, or say in split.values which values mean which split.',
})

export const emptyColumn = (column: string): Problem => ({
  severity: 'warning',
  code: 'empty_column',
  what: 'no row has a value',
  column,
  hint: 'Name it in "ignore".',
})

export const tooManyCategories = (column: string, max: number): Problem => ({
  code: 'too_many_categories',
  what: `more than ${max} different texts in a feature`,
  column,
  hint: 'Name the column in "ignore" where it is an identifier, or group rare values.',
})

export const tooManyClasses = (column: string, max: number): Problem => ({
  code: 'too_many_classes',
  what: `more than ${max} different labels`,
  column,
  hint: 'For numbers to predict use target_kind "value"; for classes name the column that holds them.',
})

export const inconsistentHierarchy = (row: number, column: string): Problem => ({
  code: 'inconsistent_hierarchy',
  what: 'a class has two coarse classes, or none',
  row,
  column,
  hint: 'Give every class one coarse class in all its rows.',
})
