// Validation of a model specification: everything that is wrong with it, at once, before anything is allocated.

import type { Issue } from '@trainyard/errors'
import { type AnalyzedLayer, analyze, DEFAULT_LIMITS, type ModelLimits } from './analyze.ts'
import { checkGraph } from './graph-rules.ts'
import { isObject, limitIssues, show } from './issues.ts'
import { exceedsBounds } from './json-bounds.ts'
import { LAYERS_MAX, type ModelSpec } from './model-spec.ts'
import { type ReadDraft, readGraph, readLayers, readPreset } from './read-draft.ts'

export type ModelValidation = { readonly ok: true; readonly spec: ModelSpec } | { readonly ok: false; readonly issues: readonly Issue[] }

export interface ValidateOptions {
  /** Path of the specification in what the user sent. Default: '' (it is the whole). */
  readonly path?: string
  readonly limits?: ModelLimits
}

const READERS = { preset: readPreset, layers: readLayers, nodes: readGraph } as const

/**
 * Checks a specification from outside and fills in its defaults. Costs milliseconds, whatever the input.
 * @example const result = validateModelSpec(body.spec, { path: 'spec' }); if (!result.ok) throw new TrainyardError('invalid_model', { issues: result.issues })
 */
export function validateModelSpec(json: unknown, options: ValidateOptions = {}): ModelValidation {
  const { issues, spec } = examine(json, options)
  return issues.length > 0 || spec === null ? { ok: false, issues: limitIssues(issues) } : { ok: true, spec }
}

/** Everything that can be said about a specification, valid or not. */
export type Examined = ReadDraft & { readonly layers: readonly AnalyzedLayer[] }

export function examine(json: unknown, { path = '', limits = DEFAULT_LIMITS }: ValidateOptions): Examined {
  const failed = (issue: Issue): Examined => ({ issues: [issue], draft: null, spec: null, layers: [] })
  if (!isObject(json)) {
    const message = `The model is ${show(json)}. Expected an object with "preset", "layers" or "nodes".`
    return failed({ path, code: 'wrong_type', message, hint: 'Example: {"version": 1, "preset": {"name": "lenet5"}}.' })
  }
  const bound = exceedsBounds(json, path)
  if (bound !== null) return failed(bound)
  const forms = (['preset', 'layers', 'nodes'] as const).filter((form) => Object.hasOwn(json, form))
  const [form] = forms
  if (form === undefined || forms.length > 1) {
    const found = form === undefined ? 'none of "preset", "layers" and "nodes"' : forms.map((name) => `"${name}"`).join(' and ')
    const message = `The model has ${found}. Expected exactly one of "preset", "layers" and "nodes".`
    const hint = form === undefined ? 'Example: {"version": 1, "preset": {"name": "lenet5"}}.' : 'Keep the one that you mean.'
    return failed({ path, code: 'wrong_form', message, hint })
  }
  const read = READERS[form](json, path)
  if (read.draft === null) return { ...read, layers: [] }
  if (read.draft.nodes.length > LAYERS_MAX) {
    const message = `The model has ${read.draft.nodes.length} layers, those inside of composites counted. Expected at most ${LAYERS_MAX}.`
    return failed({ path, code: 'too_many_layers', message, hint: 'Use fewer layers.' })
  }
  const graph = checkGraph(read.draft)
  const { issues, layers } = analyze(read.draft, graph.order, limits)
  return { ...read, issues: [...read.issues, ...graph.issues, ...issues], layers }
}
