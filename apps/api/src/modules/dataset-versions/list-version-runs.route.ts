import { idSchema, type ListVersionRunsQuery, listSchema, toWireId, type VersionRun, versionRunSchema } from '@trainyard/contracts'
import { type DatasetVersionRecord, datasetVersions, type RunRecord, runs, type Tx } from '@trainyard/database'
import { isTrainingRow } from '@trainyard/datasets'
import { z } from 'zod'
import { uuidOf } from '../../http/ids.ts'
import { pageQueryOf, pageRequest } from '../../http/page.ts'
import { missing } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'

export const listVersionRuns = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/runs',
  operationId: 'listVersionRuns',
  tag: 'datasets',
  summary: 'List the runs that used a version',
  description:
    'Where the rows of a version have gone: every run that trained on it or evaluated it. With `split` and `row`, each says whether it has seen ' +
    'that row: a run with a sample_limit trains on the rows that its seed draws. Runs on versions that have the same row, since one was appended ' +
    'to the other, are listed then as well.',
  scope: 'read',
  params: z.strictObject({ dataset_id: idSchema('dataset'), dataset_version_id: idSchema('dataset_version') }),
  query: pageQueryOf('run').extend({
    split: z.string().min(1).max(64).default('train').meta({ description: 'The split that `row` is of.' }),
    row: z.coerce.number().int().min(0).optional().meta({ description: 'Of the split, from 0.' }),
  }),
  responses: { 200: { description: 'A page of runs.', schema: listSchema(versionRunSchema) } },
  handler: ({ params, query, transaction }) =>
    transaction(async (tx) => {
      const version = await datasetVersions.find(tx, uuidOf('dataset_version', params.dataset_version_id))
      if (version?.datasetId !== uuidOf('dataset', params.dataset_id)) throw missing(params.dataset_version_id)
      const trainRows = await versionsWithRow(tx, version, query)
      const { data, hasMore } = await runs.list(tx, pageRequest('run', query), { datasetVersionIds: [...trainRows.keys()] })
      const items = data.flatMap((run) => describe(run, trainRows, query) ?? [])
      return {
        object: 'list' as const,
        data: items,
        has_more: hasMore,
        first_id: items.at(0)?.run_id ?? null,
        last_id: items.at(-1)?.run_id ?? null,
      }
    }),
})

/** Rows of the training split, by version. */
async function versionsWithRow(
  tx: Tx,
  { id, manifest }: DatasetVersionRecord,
  { split, row }: ListVersionRunsQuery,
): Promise<ReadonlyMap<string, number>> {
  const family = row === undefined ? [] : await datasetVersions.listWithRow(tx, id, split, row)
  return new Map([[id, manifest?.splits.train?.rows ?? 0], ...family.map((version) => [version.id, version.trainRows] as const)])
}

/** null for the preparation: it made the rows. */
function describe(run: RunRecord, trainRows: ReadonlyMap<string, number>, { split, row }: ListVersionRunsQuery): VersionRun | null {
  const { config } = run
  if (config.kind !== 'train' && config.kind !== 'evaluate') return null
  const versionId = config.dataset_version_id
  const base = {
    dataset_version_id: toWireId('dataset_version', versionId),
    run_id: toWireId('run', run.id),
    job_id: toWireId('job', run.jobId),
    state: run.state,
    epochs: run.epoch ?? 0,
  }
  if (config.kind === 'train') {
    const { seed, sample_limit: sampleLimit = null, evaluate } = config.training
    const rows = trainRows.get(versionId) ?? 0
    const isTrained = row !== undefined && split === 'train' && base.epochs > 0 && isTrainingRow(row, { rows, seed, sampleLimit })
    const isEvaluated = split === (evaluate.split ?? 'test')
    return { ...base, kind: 'train', seen: row === undefined ? null : isTrained ? 'trained' : isEvaluated ? 'evaluated' : 'not_seen' }
  }
  return { ...base, kind: 'evaluate', seen: row === undefined ? null : config.split === split ? 'evaluated' : 'not_seen' }
}
