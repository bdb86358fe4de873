// RFC 9457 documents. What leaves the service is the catalogue's text and what the client sent: never a stack, a path or a statement.

import type { Problem } from '@trainyard/contracts'
import { ERRORS, type TrainyardError } from '@trainyard/errors'

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'
/** Where the page of a code is (modules/system/error-page.route.ts). */
export const PROBLEM_TYPE_BASE = '/errors/'

export function toProblem(error: TrainyardError, requestId: string): Problem {
  const { title, status, retryable } = ERRORS[error.code]
  // A message of ours on our side may name what only operators should see; the log has it under the request id.
  const isInternal = status === 500
  return {
    type: `${PROBLEM_TYPE_BASE}${error.code}`,
    title,
    status,
    detail: isInternal ? `${title}.` : error.message,
    code: error.code,
    hint: error.hint,
    request_id: requestId,
    retryable,
    errors: isInternal ? [] : [...error.issues],
  }
}
