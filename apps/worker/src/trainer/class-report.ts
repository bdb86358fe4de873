// How an evaluation went class by class, as it is reported.

import { type DatasetTarget, type EvaluationReport, headTarget } from '@trainyard/contracts'
import type { TrainingConfig } from '@trainyard/engine/spec'
import type { ClassReport, HeadReport } from '@trainyard/engine/train'

interface Evaluations {
  readonly evaluation?: EvaluationReport
  readonly head_evaluations?: Record<string, EvaluationReport>
}

/** The report of a model with one output, or of each head. */
export function evaluationsOf(
  reports: readonly HeadReport[],
  target: DatasetTarget,
  { heads = {}, target: compared = 'label' }: Pick<TrainingConfig, 'heads' | 'target'>,
): Evaluations {
  const [first] = reports
  if (first === undefined) return {}
  if (first.name === null) return { evaluation: classReport(first.report, headTarget(target, compared)) }
  const named = reports.map(({ name, report }) => {
    const head = name ?? ''
    return [head, classReport(report, headTarget(target, heads[head]?.target ?? 'label'))] as const
  })
  return { head_evaluations: Object.fromEntries(named) }
}

/** With the names of the classes; labels of value targets have the names of their columns. */
function classReport({ classes, confusion }: ClassReport, target: DatasetTarget): EvaluationReport {
  const names = 'classes' in target ? target.classes : 'columns' in target ? target.columns : []
  return {
    classes: classes.map((scores, index) => ({ label: names[index] ?? String(index), ...scores })),
    confusion_matrix: confusion === null ? null : confusion.map((row) => [...row]),
  }
}
