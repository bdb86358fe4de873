// Datasets: named series of versions.

import { newUuid } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import type { Dataset } from './generated/client.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'

export interface DatasetRecord extends Dataset {
  /** Newest ready version. */
  readonly latestVersionId: string | null
}

const withLatest = {
  versions: { where: { status: 'ready' as const }, orderBy: { version: 'desc' as const }, take: 1, select: { id: true } },
}

export async function create(tx: Tx, input: { projectId: string; name: string; description: string }): Promise<DatasetRecord> {
  const row = await tx.dataset.create({ data: { id: newUuid(), ...input } })
  return { ...row, latestVersionId: null }
}

export async function find(tx: Tx, id: string): Promise<DatasetRecord | null> {
  const row = await tx.dataset.findUnique({ where: { id }, include: withLatest })
  return row && toRecord(row)
}

export async function list(tx: Tx, request: PageRequest, filter: { name?: string | undefined } = {}): Promise<Page<DatasetRecord>> {
  const name = filter.name === undefined ? {} : { name: filter.name }
  const rows = await page(request, ({ where, ...range }) =>
    tx.dataset.findMany({ where: { ...where, ...name }, ...range, include: withLatest }),
  )
  return mapPage(rows, toRecord)
}

function toRecord({ versions, ...row }: Dataset & { versions: { id: string }[] }): DatasetRecord {
  return { ...row, latestVersionId: versions[0]?.id ?? null }
}
