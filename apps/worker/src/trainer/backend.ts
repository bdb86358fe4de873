// Which backend computes a run: the small ones the reference (a library call would cost more than the work), the others oneDNN where it is
// installed.

import { type Backend, createReferenceBackend, openOnednn } from '@trainyard/engine/backends'
import type { TrainingConfig } from '@trainyard/engine/spec'
import { TrainyardError } from '@trainyard/errors'

/**
 * Floating point operations of a step up to which the reference is faster: it computes one (plain loops) to ten (vectors) per
 * nanosecond, while oneDNN's calls take some 30 µs per step whatever they compute.
 */
export const REFERENCE_FLOPS_MAX = 50_000

const reference = createReferenceBackend()
const vectors = createReferenceBackend({ vectors: true })
const onednn = openOnednn()

export interface BackendChoice {
  readonly backend: Backend
  /** What a person should know about it, or null. */
  readonly warning: string | null
}

/** @throws TrainyardError engine_failure when oneDNN was asked for and is missing */
export function chooseBackend(wish: TrainingConfig['backend'], flopsPerStep: number): BackendChoice {
  if (wish === 'reference') return { backend: reference, warning: null }
  if (wish === 'auto' && flopsPerStep <= REFERENCE_FLOPS_MAX) return { backend: vectors, warning: null }
  if (onednn.available) return { backend: onednn.backend, warning: null }
  const { reason, hint } = onednn
  if (wish === 'onednn') throw new TrainyardError('engine_failure', { detail: `oneDNN is not available here: ${reason}`, hint })
  return { backend: reference, warning: `oneDNN is not available here, so that training is slow: ${reason} ${hint}` }
}
