// Which checkpoints of a run are kept, and the end of the others: row first, file second. Only the row makes a checkpoint real, so that a worker
// that is killed in between leaves a file that nothing names, which the sweep of orphans removes, and never a row without its file.

import { type Checkpoint, fromWireNumber } from '@trainyard/contracts'
import { checkpoints, type Sql, type StoredCheckpoint } from '@trainyard/database'
import { isLowerBetter, type TrainingConfig } from '@trainyard/engine/spec'
import type { ObjectStorage } from '@trainyard/storage'

export type RetentionPolicy = Pick<TrainingConfig['checkpoint'], 'keep_last' | 'keep_best' | 'metric'>

/** Of a policy without a metric: the first that a checkpoint has. */
const DEFAULT_METRICS = ['eval/loss', 'train/loss'] as const

/**
 * What is neither among the last nor among the best, nor final, nor in use elsewhere.
 * @param stored of one run, in any order
 */
export function surplusOf(stored: readonly StoredCheckpoint[], policy: RetentionPolicy): readonly StoredCheckpoint[] {
  const periodic = stored.filter(({ kind }) => kind === 'periodic').sort((a, b) => b.step - a.step)
  const kept = new Set([...periodic.slice(0, policy.keep_last), ...bestOf(periodic, policy)])
  return periodic.filter((checkpoint) => !kept.has(checkpoint) && !checkpoint.isPinned)
}

/** Of equal ones the first: a metric stands in later checkpoints too until it is measured again. */
function bestOf(periodic: readonly StoredCheckpoint[], { keep_best: count, metric }: RetentionPolicy): readonly StoredCheckpoint[] {
  const name = metric ?? DEFAULT_METRICS.find((candidate) => periodic.some(({ metrics }) => candidate in metrics))
  if (name === undefined) return []
  const sign = isLowerBetter(name) ? 1 : -1
  return periodic
    .flatMap((checkpoint) => {
      const value = metricOf(checkpoint.metrics, name)
      return Number.isNaN(value) ? [] : [{ checkpoint, cost: sign * value }]
    })
    .sort((a, b) => a.cost - b.cost || a.checkpoint.step - b.checkpoint.step)
    .slice(0, count)
    .map(({ checkpoint }) => checkpoint)
}

function metricOf(metrics: Checkpoint['metrics'], name: string): number {
  const value = Object.hasOwn(metrics, name) ? metrics[name] : undefined
  return value === undefined ? Number.NaN : fromWireNumber(value)
}

/** Deletes what a run has too many. To stop anywhere, or to do it twice at once, does no harm. @returns how many */
export async function pruneCheckpoints(sql: Sql, storage: ObjectStorage, runId: string, policy: RetentionPolicy): Promise<number> {
  const surplus = surplusOf(await checkpoints.listStored(sql, runId), policy)
  const removed = await checkpoints.removeUnpinned(
    sql,
    surplus.map(({ id }) => id),
  )
  for (const key of removed) await storage.delete(key)
  return removed.length
}
