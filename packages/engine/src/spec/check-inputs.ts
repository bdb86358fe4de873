// Whether the inputs of a model can be fed from the samples of a dataset: one takes the whole sample, several take columns of a table.

import type { Issue } from '@trainyard/errors'
import { elementCount, type Shape } from '../core/tensor.ts'
import type { DraftInput } from './draft.ts'
import { type InputColumns, placeInputs } from './head-config.ts'
import { formatPath, join } from './issues.ts'
import type { ResolvedModel } from './resolve-model.ts'
import { suggest } from './suggest.ts'

export interface DatasetInputs {
  readonly input: { readonly shape: Shape }
  /** Of tables: the column that each number of a sample comes from, after the transforms. */
  readonly features?: readonly string[] | undefined
}

export function checkInputs(
  { draft }: ResolvedModel,
  inputs: InputColumns | undefined,
  dataset: DatasetInputs,
  modelPath: string,
  trainingPath: string,
): readonly Issue[] {
  if (inputs !== undefined) return checkColumns(draft.inputs, inputs, dataset, modelPath, `${trainingPath}.inputs`)
  if (draft.inputs.length === 1) return draft.inputs.flatMap((input) => checkWhole(input, dataset.input.shape, modelPath))
  const names = draft.inputs.map(({ name }) => name)
  const message = `The model reads ${names.length} inputs: ${names.join(', ')}. Nothing says what of a sample each takes.`
  const example = JSON.stringify(Object.fromEntries(names.map((name) => [name, ['…']])))
  const hint = `Set "inputs" in the training to the columns of each: ${example}. Images have one input.`
  return [{ path: join(modelPath, 'inputs'), code: 'several_inputs', message, hint }]
}

/** A vector input takes images too, as the same numbers in the order of memory. */
function checkWhole({ path, shape }: DraftInput, sample: Shape, modelPath: string): readonly Issue[] {
  if (shape === null || shape.join() === sample.join()) return []
  if (shape.length === 1 && elementCount(shape) === elementCount(sample)) return []
  const given = sample.join(', ')
  return [
    {
      path: `${modelPath}.${path}`,
      code: 'input_shape_mismatch',
      message: `The model takes rows of shape [${shape.join(', ')}], but those of the dataset have [${given}].`,
      hint: `Set the model's input shape to [${given}].`,
    },
  ]
}

function checkColumns(
  drafts: readonly DraftInput[],
  inputs: InputColumns,
  { features }: DatasetInputs,
  modelPath: string,
  path: string,
): readonly Issue[] {
  if (features === undefined) {
    const message = 'The samples of the dataset are images, which have no columns.'
    return [{ path, code: 'inputs_without_columns', message, hint: 'Leave "inputs" out, and use a model with one input.' }]
  }
  const known = drafts.map(({ name }) => name)
  const unknown = Object.keys(inputs).flatMap((name): Issue[] => {
    if (known.includes(name)) return []
    const message = `"${name}" is no input of the model, or of the part that is trained.`
    return [{ path: formatPath(path, [name]), code: 'unknown_input', message, hint: suggest(name, known, 'inputs') }]
  })
  const columns = [...new Set(features)]
  const missing = Object.entries(inputs).flatMap(([name, names]) =>
    names.flatMap((column, i): Issue[] => {
      if (columns.includes(column)) return []
      const message = `There is no column "${column}".`
      return [{ path: formatPath(path, [name, i]), code: 'no_such_column', message, hint: suggest(column, columns, 'columns') }]
    }),
  )
  if (unknown.length + missing.length > 0) return [...unknown, ...missing]
  const { positions } = placeInputs(inputs, features)
  return drafts.flatMap((draft): Issue[] => {
    const own = positions[draft.name]
    if (own === undefined) {
      const message = `The input "${draft.name}" has no columns.`
      return [{ path, code: 'missing_input', message, hint: `Add "${draft.name}" with a list of columns.` }]
    }
    if (draft.shape === null || draft.shape.join() === String(own.length)) return []
    const message = `The input "${draft.name}" takes [${draft.shape.join(', ')}], but its columns give ${own.length} numbers after the transforms.`
    const hint = `Set its shape to [${own.length}].`
    return [{ path: `${modelPath}.${draft.path}`, code: 'input_shape_mismatch', message, hint }]
  })
}
