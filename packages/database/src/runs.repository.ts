// Runs, read only: every change of a state is in runs/state.ts.

import type { Failure, RunConfig, RunPlan, RunResult } from '@trainyard/contracts'
import type { Tx } from './database.ts'
import type { Prisma, Run } from './generated/client.ts'
import { fromJson } from './json.ts'
import { readLatestValues } from './metrics.repository.ts'
import { mapPage, type Page, type PageRequest, page } from './page.ts'

export interface RunRecord extends Omit<Run, 'config' | 'plan' | 'result' | 'failure' | 'lastStep' | 'totalSteps' | 'runtimeMs'> {
  readonly config: RunConfig
  readonly plan: RunPlan | null
  readonly result: RunResult | null
  readonly failure: Failure | null
  readonly lastStep: number
  readonly totalSteps: number | null
  readonly runtimeMs: number
  /** Rows per step of a training. */
  readonly batchSize: number | null
  /** The newest one. */
  readonly checkpointId: string | null
}

const withCheckpoint = { checkpoints: { orderBy: { step: 'desc' as const }, take: 1, select: { id: true } } } satisfies Prisma.RunInclude

export async function find(tx: Tx, id: string): Promise<RunRecord | null> {
  const row = await tx.run.findUnique({ where: { id }, include: withCheckpoint })
  return row && toRunRecord(row)
}

/** Newest value of each series. */
export async function readMetrics(tx: Tx, id: string): Promise<Record<string, number>> {
  const values = await readLatestValues(tx, [id])
  return Object.fromEntries(values.get(id) ?? [])
}

export interface RunFilter {
  readonly jobId?: string | undefined
  /** Runs that prepared, trained on or evaluated one of these versions. */
  readonly datasetVersionIds?: readonly string[] | undefined
}

export async function list(tx: Tx, request: PageRequest, { jobId, datasetVersionIds }: RunFilter = {}): Promise<Page<RunRecord>> {
  const filters: Prisma.RunWhereInput = {
    ...(jobId === undefined ? {} : { jobId }),
    ...(datasetVersionIds === undefined ? {} : { datasetVersionId: { in: [...datasetVersionIds] } }),
  }
  const rows = await page(request, ({ where, ...range }) =>
    tx.run.findMany({ where: { ...where, ...filters }, ...range, include: withCheckpoint }),
  )
  return mapPage(rows, toRunRecord)
}

export function toRunRecord({ checkpoints, ...row }: Run & { checkpoints: { id: string }[] }): RunRecord {
  const config = fromJson<RunConfig>(row.config)
  return {
    ...row,
    config,
    batchSize: config.kind === 'train' ? config.training.batch_size : null,
    plan: row.plan === null ? null : fromJson(row.plan),
    result: row.result === null ? null : fromJson(row.result),
    failure: row.failure === null ? null : fromJson(row.failure),
    lastStep: Number(row.lastStep),
    totalSteps: row.totalSteps === null ? null : Number(row.totalSteps),
    runtimeMs: Number(row.runtimeMs),
    checkpointId: checkpoints[0]?.id ?? null,
  }
}
