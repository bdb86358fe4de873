import { augmentedImages, contactSheet, encodePng } from '@trainyard/datasets'
import { augmentationSchema, seedSchema, validateAugmentation } from '@trainyard/engine/spec'
import { z } from 'zod'
import { invalidRequest } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { findVersion, readRows, requireImages, requireManifest, versionParams } from './version-files.service.ts'

/** Numbers that one request may change: an elastic distortion takes about a microsecond for each. */
const NUMBERS_MAX = 1 << 20

const bodySchema = z.strictObject({
  augmentation: augmentationSchema.meta({ description: 'As in the training configuration.' }),
  split: z.string().min(1).max(64).default('train'),
  offset: z.int().min(0).default(0).meta({ description: 'First row, from 0.' }),
  limit: z.int().min(1).max(32).default(8).meta({ description: 'Rows.' }),
  copies: z.int().min(1).max(15).default(7).meta({ description: 'Changed copies of each row: what the first epochs would see.' }),
  seed: seedSchema.default(0),
})

export const previewAugmentation = defineRoute({
  method: 'POST',
  path: '/v1/datasets/{dataset_id}/versions/{dataset_version_id}/augmentation-preview',
  operationId: 'previewAugmentation',
  tag: 'datasets',
  summary: 'Look at augmented images',
  description: 'One PNG: each line is an image and its augmented copies, exactly as a training with this seed would draw them.',
  scope: 'read',
  params: versionParams,
  body: bodySchema,
  bodyExamples: {
    digits: {
      augmentation: [
        { type: 'rotation', degrees: 15 },
        { type: 'translation', horizontal: 0.1, vertical: 0.1 },
      ],
      limit: 4,
    },
  },
  responses: { 200: { description: 'The picture.', schema: null, contentType: 'image/png' } },
  errors: ['dataset_not_ready', 'conflict'],
  handler: async ({ params, body, deps, reply, transaction }) => {
    const { augmentation, copies, seed, offset, limit } = body
    const manifest = requireManifest(await transaction((tx) => findVersion(tx, params)))
    const { shape } = requireImages(manifest)
    const issues = validateAugmentation(augmentation, shape, 'augmentation')
    if (issues.length > 0) throw invalidRequest(issues)
    const [channels, height, width] = shape
    const most = Math.max(1, Math.floor(NUMBERS_MAX / (channels * height * width * copies)))
    const window = await readRows(deps.storage, manifest, { ...body, limit: Math.min(limit, most) }, 'split')
    const images = augmentedImages(window.samples as Uint8Array, window.rows, shape, augmentation, { copies, seed, firstRow: offset })
    return reply.type('image/png').send(await encodePng(contactSheet(images, window.rows * (1 + copies), shape, 1 + copies)))
  },
})
