import { idSchema } from '@trainyard/contracts'
import { datasetVersions } from '@trainyard/database'
import { z } from 'zod'
import { uuidOf } from '../../http/ids.ts'
import { found, missing } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'

/** Files whose deletion a preparation may have to wait for. */
const DELETED_AT_ONCE = 100

export const deleteDatasetVersion = defineRoute({
  method: 'DELETE',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}',
  operationId: 'deleteDatasetVersion',
  tag: 'datasets',
  summary: 'Delete a version of a dataset',
  description:
    'Its uploads and shards are deleted with it, but for shards that another version has in common. 409 while a run that has not ended needs it. ' +
    'Checkpoints that were trained on it stay.',
  scope: 'write',
  params: z.strictObject({ dataset_id: idSchema('dataset'), dataset_version_id: idSchema('dataset_version') }),
  responses: { 204: { description: 'It is gone.', schema: null } },
  errors: ['conflict'],
  handler: async ({ params, deps, reply, transaction }) => {
    const id = uuidOf('dataset_version', params.dataset_version_id)
    const { uploads, prepared } = await transaction(async (tx) => {
      const version = await datasetVersions.find(tx, id)
      if (version?.datasetId !== uuidOf('dataset', params.dataset_id)) throw missing(params.dataset_version_id)
      return found(await datasetVersions.remove(tx, id), params.dataset_version_id)
    })
    for (const key of uploads) await deps.storage.delete(key)
    // Here killed, the sweep of orphans does the rest.
    for (let at = 0; at < prepared.length; at += DELETED_AT_ONCE) {
      await transaction(async (tx) => {
        const keys = await datasetVersions.findNobodys(tx, prepared.slice(at, at + DELETED_AT_ONCE))
        await Promise.all(keys.map((key) => deps.storage.delete(key)))
      })
    }
    return reply.code(204).send()
  },
})
