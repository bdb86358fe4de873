// What a run's failure says: errors of the catalogue as they are, memory that ran out, and all others as the engine's.

import type { Failure } from '@trainyard/contracts'
import { ERRORS, TrainyardError } from '@trainyard/errors'

export function describeFailure(error: unknown): Failure {
  const known = error instanceof TrainyardError ? error : wrap(error)
  return {
    category: ERRORS[known.code].category,
    code: known.code,
    message: known.message,
    hint: known.hint,
    ...(known.issues.length === 0 ? {} : { issues: known.issues.map((issue) => ({ ...issue })) }),
  }
}

function wrap(cause: unknown): TrainyardError {
  const detail = cause instanceof Error ? cause.message : String(cause)
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'ENOSPC') return new TrainyardError('storage_full', { detail, cause })
  if (cause instanceof RangeError && /allocation failed|Invalid typed array length/.test(detail)) {
    return new TrainyardError('out_of_memory', { detail, cause })
  }
  process.stderr.write(`${cause instanceof Error ? cause.stack : detail}\n`)
  return new TrainyardError('engine_failure', { detail, cause })
}
