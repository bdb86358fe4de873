// The events of a job: those of its runs, each in order. A position in them is one number per run, oldest run first: "12" or "12,3".

import { type JobRecord, type RunEventRecord, runEvents, type Tx } from '@trainyard/database'

export type Position = readonly number[]

/** Text that is no position is the beginning. */
export function parsePosition(text: string | undefined): Position {
  return /^\d{1,9}(,\d{1,9})*$/.test(text ?? '') ? (text ?? '').split(',').map(Number) : []
}

export interface PositionedEvent {
  readonly event: RunEventRecord
  /** Behind this event. */
  readonly position: string
}

export async function readJobEvents(tx: Tx, job: JobRecord, after: Position, limit: number): Promise<PositionedEvent[]> {
  const position = job.runs.map((_, i) => after[i] ?? 0)
  const events: PositionedEvent[] = []
  for (const [i, run] of job.runs.entries()) {
    if (events.length >= limit) break
    for (const event of await runEvents.listAfter(tx, run.id, position[i] ?? 0, limit - events.length)) {
      position[i] = event.seq
      events.push({ event, position: position.join(',') })
    }
  }
  return events
}
