// Attempts of runs, read only: they are written by the statements that begin and end them (runs/state).

import type { Tx } from './database.ts'
import type { Attempt } from './generated/client.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'

export interface AttemptRecord extends Omit<Attempt, 'firstStep' | 'lastStep'> {
  readonly firstStep: number
  readonly lastStep: number | null
}

export async function list(tx: Tx, runId: string, request: PageRequest): Promise<Page<AttemptRecord>> {
  const rows = await page(request, ({ where, ...range }) => tx.attempt.findMany({ where: { ...where, runId }, ...range }))
  return mapPage(rows, (row) => ({
    ...row,
    firstStep: Number(row.firstStep),
    lastStep: row.lastStep === null ? null : Number(row.lastStep),
  }))
}
