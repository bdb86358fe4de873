export { ERROR_CODES, ERRORS, type ErrorCategory, type ErrorCode } from './catalogue.ts'
export type { Issue, IssueRows } from './issue.ts'
export { isStorageFull } from './storage-full.ts'
export { type ErrorDetails, TrainyardError } from './trainyard-error.ts'
