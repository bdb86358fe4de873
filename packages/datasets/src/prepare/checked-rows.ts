// What is known of the rows after they were checked.

import type { TargetChoice } from '@trainyard/contracts'
import type { GrowableInt32 } from '../growable.ts'
import type { ColumnSurvey, ColumnType } from './column-survey.ts'
import type { Labels } from './labels.ts'
import type { SpoolBlock } from './spool.ts'

export interface FeatureColumn {
  readonly name: string
  /** Cell column of the spool. */
  readonly at: number
  readonly type: ColumnType
  readonly survey: ColumnSurvey
  /** Of a category. */
  readonly labels: Labels | null
}

/** The level above classes. */
export interface CoarseClasses {
  readonly at: number
  readonly labels: Labels
  /** For each label id the id of its coarse label. */
  readonly of: Map<number, number>
}

export type CheckedTarget =
  | {
      readonly kind: 'class'
      readonly at: number
      readonly labels: Labels
      /** Label id of each good row. */
      readonly ids: GrowableInt32
      readonly coarse: CoarseClasses | null
    }
  | { readonly kind: 'value'; readonly columns: readonly { readonly name: string; readonly at: number; readonly survey: ColumnSurvey }[] }
  /** Columns of 0 and 1, or labels in one column: for each of its texts the ids. */
  | {
      readonly kind: 'multi_label'
      readonly columns: readonly { readonly name: string; readonly at: number }[]
      readonly listed: { readonly labels: Labels; readonly idsOfText: (block: SpoolBlock, cell: number) => readonly number[] } | null
    }
  | { readonly kind: 'none' }

export interface CheckedRows {
  /** 1 for each parsed row that is left out. */
  readonly isBad: Uint8Array
  /** Good rows. */
  readonly rows: number
  readonly features: readonly FeatureColumn[]
  readonly target: CheckedTarget
  /** Why it is of that kind. */
  readonly choice: TargetChoice
  /** Of good rows; empty where the split reads none. */
  readonly keys: Float64Array
  /** Mark of each good row, where the data says it; else null. */
  readonly given: Uint8Array | null
}
