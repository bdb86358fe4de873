import type { DatasetReport, Failure } from '@trainyard/contracts'

/** What is known of a version that was never analysed: why it failed, if it did. */
export function reportOfFailure(id: string, failure: Failure | null): DatasetReport {
  const issues = failure?.issues ?? (failure === null ? [] : [{ ...failure, path: '' }])
  return {
    object: 'dataset_report',
    dataset_version_id: id,
    status: failure === null ? 'ready' : 'failed',
    mode: null,
    rows: null,
    problems: issues.map(({ code, message, hint }) => ({
      severity: 'error',
      code,
      message,
      hint,
      file: '',
      column: null,
      count: 1,
      examples: [],
    })),
    problem_count: issues.length,
    capped: false,
    leakage: null,
  }
}
