// Validation of a model specification: everything that is wrong with it, at once, before anything is allocated.

import type { Issue } from '@trainyard/errors'
import { isObject, parseWithIssues, show } from './issues.ts'
import { graphSpecSchema, layersSpecSchema, type ModelSpec, presetSpecSchema } from './model-spec.ts'

export type ModelValidation = { readonly ok: true; readonly spec: ModelSpec } | { readonly ok: false; readonly issues: readonly Issue[] }

export interface ValidateOptions {
  /** Path of the specification in what the user sent. Default: '' (it is the whole). */
  readonly path?: string
}

const FORMS = { preset: presetSpecSchema, layers: layersSpecSchema, nodes: graphSpecSchema } as const

/**
 * Checks a specification from outside and fills in its defaults.
 * @example const result = validateModelSpec(body.spec, { path: 'spec' }); if (!result.ok) throw new TrainyardError('invalid_model', { issues: result.issues })
 */
export function validateModelSpec(json: unknown, { path = '' }: ValidateOptions = {}): ModelValidation {
  if (!isObject(json)) {
    const message = `The model is ${show(json)}. Expected an object with "preset", "layers" or "nodes".`
    return { ok: false, issues: [{ path, code: 'wrong_type', message, hint: 'See GET /v1/models/presets for examples.' }] }
  }
  const forms = (['preset', 'layers', 'nodes'] as const).filter((form) => Object.hasOwn(json, form))
  const [form] = forms
  if (form === undefined || forms.length > 1) {
    const found = form === undefined ? 'none of "preset", "layers" and "nodes"' : forms.map((name) => `"${name}"`).join(' and ')
    const message = `The model has ${found}. Expected exactly one of "preset", "layers" and "nodes".`
    return { ok: false, issues: [{ path, code: 'wrong_form', message, hint: 'Keep the one that you mean.' }] }
  }
  const parsed = parseWithIssues(FORMS[form], json, path)
  return parsed.ok ? { ok: true, spec: parsed.value } : parsed
}
