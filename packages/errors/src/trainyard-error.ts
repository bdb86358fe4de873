// The one exception type for errors of the catalogue.

import { ERRORS, type ErrorCode } from './catalogue.ts'
import type { Issue } from './issue.ts'

export interface ErrorDetails {
  /** This occurrence: where, what, with values. Default: the catalogue's title. */
  readonly detail?: string
  /** Instead of the catalogue's hint. */
  readonly hint?: string
  readonly issues?: readonly Issue[]
  readonly cause?: unknown
}

/**
 * @example throw new TrainyardError('not_found', { detail: 'job_01… does not exist in this project' })
 */
export class TrainyardError extends Error {
  override readonly name = 'TrainyardError'
  readonly code: ErrorCode
  readonly hint: string
  readonly issues: readonly Issue[]

  constructor(code: ErrorCode, { detail, hint, issues, cause }: ErrorDetails = {}) {
    super(detail ?? ERRORS[code].title, { cause })
    this.code = code
    this.hint = hint ?? ERRORS[code].hint
    this.issues = issues ?? []
  }
}
