// Models: named, numbered specifications.

import { type Model as ModelResource, newUuid } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import type { Model } from './generated/client.ts'
import { fromJson, toJson } from './json.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'

export interface ModelRecord extends Omit<Model, 'spec' | 'layers' | 'parameters'> {
  readonly spec: ModelResource['spec']
  readonly layers: ModelResource['layers']
  readonly parameters: number
}

export interface NewModel {
  readonly projectId: string
  readonly name: string
  readonly spec: ModelResource['spec']
  /** SHA-256 of the canonical specification, hexadecimal. */
  readonly specHash: string
  readonly parameters: number
  readonly layers: ModelResource['layers']
}

/** The next version of its name; the newest one again when its specification is the same. */
export async function create(tx: Tx, input: NewModel): Promise<ModelRecord> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`model ${input.projectId} ${input.name}`}, 0))::text`
  const newest = await tx.model.findFirst({
    where: { projectId: input.projectId, name: input.name },
    orderBy: { version: 'desc' },
  })
  if (newest?.specHash === input.specHash) return toRecord(newest)
  const row = await tx.model.create({
    data: {
      id: newUuid(),
      projectId: input.projectId,
      name: input.name,
      version: (newest?.version ?? 0) + 1,
      spec: toJson(input.spec),
      specHash: input.specHash,
      parameters: input.parameters,
      layers: toJson(input.layers),
    },
  })
  return toRecord(row)
}

export async function find(tx: Tx, id: string): Promise<ModelRecord | null> {
  const row = await tx.model.findUnique({ where: { id } })
  return row && toRecord(row)
}

export async function list(tx: Tx, request: PageRequest, filter: { name?: string | undefined } = {}): Promise<Page<ModelRecord>> {
  const name = filter.name === undefined ? {} : { name: filter.name }
  const rows = await page(request, ({ where, ...range }) => tx.model.findMany({ where: { ...where, ...name }, ...range }))
  return mapPage(rows, toRecord)
}

function toRecord(row: Model): ModelRecord {
  return { ...row, spec: fromJson(row.spec), layers: fromJson(row.layers), parameters: Number(row.parameters) }
}
