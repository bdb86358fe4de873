// What kind of target a column is, where the options do not say: the one rule, and what the report tells about it.

import type { PrepareOptions, TargetChoice } from '@trainyard/contracts'
import { shown } from '../problems.ts'
import type { ColumnSurvey } from './column-survey.ts'

/**
 * Different whole numbers up to which a column of a table holds classes; more are numbers to predict.
 * Source: fastai's cont_cat_split(max_card=20), which divides whole numbers into categories and numbers.
 */
export const WHOLE_CLASSES_MAX = 20

type Kind = TargetChoice['kind']

/**
 * @param columns of the target
 * @param isPicture whether the rows are images, whose labels are classes however many they are
 * @example chooseTarget([ages], {}, false) // kind 'value', 'Column "age" holds more than 20 different whole numbers: …'
 */
export function chooseTarget(
  columns: readonly Pick<ColumnSurvey, 'column' | 'type' | 'hasFraction' | 'wholes'>[],
  { target_kind }: Pick<PrepareOptions, 'target_kind'>,
  isPicture: boolean,
): TargetChoice {
  const [first] = columns
  if (first === undefined && target_kind !== 'none') {
    return chosen('none', 'There is no column of targets: inputs are reconstructed.', 'Name a column in "target".')
  }
  if (target_kind !== undefined || first === undefined) {
    const kind = target_kind ?? 'none'
    const hint = 'Prepare the upload with another target_kind to change it.'
    return { kind, chosen_by: 'option', message: `The option target_kind says "${kind}".`, hint }
  }
  if (columns.length > 1) {
    return chosen('value', `The target has ${columns.length} columns: numbers to predict.`, 'For labels that are 0 or 1: "multi_label".')
  }
  const name = shown(first.column.name)
  const asClasses = 'If they name classes, prepare it with target_kind "class".'
  const asValues = 'If they are numbers to predict (regression), prepare it with target_kind "value".'
  if (first.type !== 'number')
    return chosen('class', `Column ${name} holds texts or dates: classes.`, 'For several labels in a cell: "multi_label".')
  if (first.hasFraction) return chosen('value', `Column ${name} holds numbers with fractions: numbers to predict.`, asClasses)
  if (isPicture) return chosen('class', `Column ${name} holds whole numbers beside images: classes.`, asValues)
  const { size } = first.wholes
  if (size > WHOLE_CLASSES_MAX) {
    return chosen('value', `Column ${name} holds more than ${WHOLE_CLASSES_MAX} different whole numbers: numbers to predict.`, asClasses)
  }
  return chosen('class', `Column ${name} holds ${size} different whole numbers, at most ${WHOLE_CLASSES_MAX}: classes.`, asValues)
}

const chosen = (kind: Kind, message: string, hint: string): TargetChoice => ({ kind, chosen_by: 'content', message, hint })
