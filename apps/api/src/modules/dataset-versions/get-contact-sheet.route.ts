import { contactSheet, encodePng } from '@trainyard/datasets'
import { defineRoute } from '../../http/route.ts'
import { windowQuery } from './preview-dataset-version.route.ts'
import { findVersion, readRows, requireImages, requireManifest, versionParams } from './version-files.service.ts'

/** Bytes of all images of a sheet: beyond it, fewer are shown. */
const BYTES_MAX = 16 << 20

export const getContactSheet = defineRoute({
  method: 'GET',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/contact-sheet',
  operationId: 'getContactSheet',
  tag: 'datasets',
  summary: 'Look at images',
  description: 'Images of a split as one PNG, eight in a row. Large images: as many as fit into 16 MiB of pixels.',
  scope: 'read',
  params: versionParams,
  query: windowQuery(128, 64),
  responses: { 200: { description: 'The picture.', schema: null, contentType: 'image/png' } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, query, deps, reply, transaction }) => {
    const manifest = requireManifest(await transaction((tx) => findVersion(tx, params)))
    const { shape } = requireImages(manifest)
    const [channels, height, width] = shape
    const limit = Math.min(query.limit, Math.max(1, Math.floor(BYTES_MAX / (channels * height * width))))
    const { samples, rows } = await readRows(deps.storage, manifest, { ...query, limit })
    return reply.type('image/png').send(await encodePng(contactSheet(samples as Uint8Array, rows, shape)))
  },
})
