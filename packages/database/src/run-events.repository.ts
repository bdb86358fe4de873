// Events of runs, read only: they are written by the statements that they tell of (runs/).

import type { Tx } from './database.ts'
import type { RunEvent } from './generated/client.ts'
import { fromJson } from './json.ts'
import type { Page, PageRequest } from './page.ts'

export interface RunEventRecord extends Omit<RunEvent, 'data'> {
  readonly data: Record<string, unknown>
}

/** In the order of `seq`, which is the order in which things happened; the cursors are ids of events of this run. */
export async function list(tx: Tx, runId: string, request: PageRequest): Promise<Page<RunEventRecord>> {
  const { limit, after, before } = request
  const isBackward = after === undefined && before !== undefined
  const isAscending = (request.order === 'asc') !== isBackward
  const cursorId = after ?? before
  const cursor = cursorId === undefined ? null : await tx.runEvent.findFirst({ where: { id: cursorId, runId }, select: { seq: true } })
  const rows = await tx.runEvent.findMany({
    where: { runId, ...(cursor === null ? {} : { seq: isAscending ? { gt: cursor.seq } : { lt: cursor.seq } }) },
    orderBy: { seq: isAscending ? 'asc' : 'desc' },
    take: limit + 1,
  })
  const data = rows.slice(0, limit).map(toRecord)
  return { data: isBackward ? data.reverse() : data, hasMore: rows.length > limit }
}

/** What came after an event, oldest first: for streams. */
export async function listAfter(tx: Tx, runId: string, afterSeq: number, limit: number): Promise<RunEventRecord[]> {
  const rows = await tx.runEvent.findMany({ where: { runId, seq: { gt: afterSeq } }, orderBy: { seq: 'asc' }, take: limit })
  return rows.map(toRecord)
}

function toRecord(row: RunEvent): RunEventRecord {
  return { ...row, data: fromJson(row.data) }
}
