import type { DatasetReport, Failure } from '@trainyard/contracts'

type FailureIssue = NonNullable<Failure['issues']>[number]
/** Of a mistake that is in no file. */
const WITHOUT_ROWS = { file: '', column: null, count: 1, examples: [] }

/** What is known of a version that was never analysed: why it failed, if it did. */
export function reportOfFailure(id: string, failure: Failure | null): DatasetReport {
  const issues: readonly FailureIssue[] = failure?.issues ?? (failure === null ? [] : [{ ...failure, path: '' }])
  const problems = issues.map(({ code, message, hint, data = WITHOUT_ROWS }) => ({
    severity: 'error' as const,
    code,
    message,
    hint,
    ...data,
  }))
  return {
    object: 'dataset_report',
    dataset_version_id: id,
    status: failure === null ? 'ready' : 'failed',
    mode: null,
    rows: null,
    problems,
    problem_count: problems.reduce((sum, { count }) => sum + count, 0),
    capped: false,
    leakage: null,
  }
}
