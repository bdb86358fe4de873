// A specification whose validity is known, as named layers with their shapes.

import { type AnalyzedLayer, DEFAULT_LIMITS, type ModelLimits } from './analyze.ts'
import type { Draft } from './draft.ts'
import type { ModelSpec } from './model-spec.ts'
import { examine } from './validate-model.ts'

export interface ResolvedModel {
  readonly draft: Draft
  /** Each after all that it reads. */
  readonly layers: readonly AnalyzedLayer[]
}

/** @throws Error when the specification is not valid: validate what comes from outside first */
export function resolveModel(spec: ModelSpec, limits: ModelLimits = DEFAULT_LIMITS): ResolvedModel {
  const { issues, draft, layers } = examine(spec, { limits })
  if (issues.length > 0 || draft === null) throw new Error(`the model is not valid: ${issues[0]?.path} ${issues[0]?.message}`)
  return { draft, layers }
}
