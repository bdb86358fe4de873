import { datasetDiffRowsSchema, rowChangeSchema } from '@trainyard/contracts'
import { compareRows, type Difference, previewRows, type RowPlace } from '@trainyard/datasets'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { baseQuery } from './diff-dataset-version.route.ts'
import { type ComparedVersion, findCompared, indexedRows } from './diff-versions.service.ts'
import { readRows, versionParams } from './version-files.service.ts'

export const listDiffRows = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/diff/rows',
  operationId: 'listDiffRows',
  tag: 'datasets',
  summary: 'List rows that differ between two versions',
  description: 'Rows with one kind of change, as they were and as they are; in an order that does not change.',
  scope: 'read',
  params: versionParams,
  query: baseQuery.extend({
    change: rowChangeSchema,
    offset: z.coerce.number().int().min(0).default(0).meta({ description: 'First row with this change, from 0.' }),
    limit: z.coerce.number().int().min(1).max(50).default(20),
  }),
  responses: { 200: { description: 'The rows.', schema: datasetDiffRowsSchema } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, query: { base: baseId, change, offset, limit }, deps: { storage }, transaction }) => {
    const { base, version } = await transaction((tx) => findCompared(tx, params, baseId))
    const found: Difference[] = []
    let seen = 0
    // One more than asked for tells whether there are more.
    const onDifference = (difference: Difference) => {
      if (difference.change === change && seen++ >= offset) found.push(difference)
      return found.length <= limit
    }
    await compareRows(indexedRows(storage, base), indexedRows(storage, version), { onDifference })
    const rowAt = async ({ manifest }: ComparedVersion, place: RowPlace | null) => {
      if (place === null) return null
      const window = await readRows(storage, manifest, { split: place.split, offset: place.row, limit: 1 })
      const [row] = previewRows(manifest, window, place.row)
      return row === undefined ? null : { split: place.split, ...row }
    }
    const rows: { base: unknown; version: unknown }[] = []
    for (const difference of found.slice(0, limit)) {
      rows.push({ base: await rowAt(base, difference.base), version: await rowAt(version, difference.version) })
    }
    return {
      object: 'dataset_diff_rows',
      dataset_version_id: version.id,
      base_version_id: base.id,
      change,
      rows,
      has_more: found.length > limit,
    }
  },
})
