// How an evaluation went class by class, as it is reported.

import type { DatasetTarget, EvaluationReport } from '@trainyard/contracts'
import type { ClassReport } from '@trainyard/engine/train'

/** With the names of the classes; labels of value targets have the names of their columns. */
export function classReport({ classes, confusion }: ClassReport, target: DatasetTarget): EvaluationReport {
  const names = 'classes' in target ? target.classes : 'columns' in target ? target.columns : []
  return {
    classes: classes.map((scores, index) => ({ label: names[index] ?? String(index), ...scores })),
    confusion_matrix: confusion === null ? null : confusion.map((row) => [...row]),
  }
}
