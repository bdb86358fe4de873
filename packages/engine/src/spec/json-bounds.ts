// Bounds of untrusted JSON, checked before any schema walks it, so that no input costs more than a few milliseconds.

import type { Issue } from '@trainyard/errors'

/** Deepest nesting of a specification; real ones need 5. */
const DEPTH_MAX = 32
/** Most values in a specification: 1,000 layers of 20. */
const VALUES_MAX = 20_000

/** null when the value is within bounds. Needs no recursion and stops at the first bound it meets. */
export function exceedsBounds(json: unknown, path: string): Issue | null {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value: json, depth: 0 }]
  let values = 0
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue
    if (next.depth >= DEPTH_MAX) {
      const message = `The specification is nested deeper than ${DEPTH_MAX} levels.`
      return { path, code: 'too_deep', message, hint: 'Real specifications need 5 levels; look for a value that contains itself.' }
    }
    const children: readonly unknown[] = Array.isArray(next.value) ? next.value : Object.values(next.value)
    values += children.length
    if (values > VALUES_MAX) {
      const message = `The specification has more than ${VALUES_MAX} values.`
      return { path, code: 'too_many_values', message, hint: 'Use fewer layers.' }
    }
    for (const value of children) if (typeof value === 'object') stack.push({ value, depth: next.depth + 1 })
  }
  return null
}
