// Projects: the tenants. Made by the operator, through a worker's transaction.

import { newUuid } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import type { Project } from './generated/client.ts'
import { type Page, type PageRequest, page } from './page.ts'

export type ProjectRecord = Project

export async function create(tx: Tx, input: { name: string }): Promise<ProjectRecord> {
  return tx.project.create({ data: { id: newUuid(), name: input.name } })
}

export async function find(tx: Tx, id: string): Promise<ProjectRecord | null> {
  return tx.project.findUnique({ where: { id } })
}

/** How much of the workers a project may have; what is undefined stays. */
export interface ProjectLimits {
  /** Runs at once; null: as many as there are workers. */
  readonly concurrencyLimit?: number | null | undefined
  /** Weight against other projects when workers are scarce. */
  readonly share?: number | undefined
  /** Bytes of uploads, versions and checkpoints in all; null for no limit. */
  readonly storageLimit?: number | null | undefined
}

export async function setLimits(tx: Tx, id: string, { concurrencyLimit, share, storageLimit }: ProjectLimits): Promise<ProjectRecord> {
  const data = {
    ...(concurrencyLimit === undefined ? {} : { concurrencyLimit }),
    ...(share === undefined ? {} : { share }),
    ...(storageLimit === undefined ? {} : { storageLimit }),
  }
  return tx.project.update({ where: { id }, data })
}

/** The oldest of that name: names need not be unique. */
export async function findByName(tx: Tx, name: string): Promise<ProjectRecord | null> {
  return tx.project.findFirst({ where: { name }, orderBy: { id: 'asc' } })
}

export async function list(tx: Tx, request: PageRequest): Promise<Page<ProjectRecord>> {
  return page(request, (range) => tx.project.findMany(range))
}
