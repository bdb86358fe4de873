// Files on their way in: an upload in parts, and what versions are made of.

import { z } from 'zod'
import { uploadRoleSchema } from './dataset-manifest.ts'
import { idSchema } from './ids.ts'
import { prepareOptionsSchema } from './prepare-options.ts'

const MiB = 1 << 20

/** S3's bounds: no part but the last is smaller than 5 MiB, and there are at most 10,000. */
export const PART_BYTES_MIN = 5 * MiB
export const PART_BYTES_MAX = 64 * MiB
export const PART_BYTES_DEFAULT = 8 * MiB
export const PARTS_MAX = 10_000

const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits')
  .meta({ description: 'SHA-256 of the whole file, hexadecimal.' })

export const createUploadSchema = z.strictObject({
  file_name: z.string().min(1).max(255).meta({ description: 'Shown to people; it never becomes a path.' }),
  bytes: z.int().positive().meta({ description: 'Of the whole file. They count against the quota from now on.' }),
  sha256: sha256Schema.optional(),
  part_bytes: z.int().min(PART_BYTES_MIN).max(PART_BYTES_MAX).optional().meta({
    description: 'Of every part but the last: what a broken connection costs at most. Default: 8 MiB, more for very large files.',
  }),
})
export type CreateUpload = z.infer<typeof createUploadSchema>

export const uploadPartSchema = z.object({ number: z.int(), bytes: z.int(), sha256: z.string() })
export type UploadPart = z.infer<typeof uploadPartSchema>

export const uploadSchema = z.object({
  id: idSchema('upload'),
  object: z.literal('upload'),
  file_name: z.string(),
  bytes: z.int(),
  sha256: z.string().nullable(),
  status: z
    .enum(['open', 'complete', 'attached'])
    .meta({ description: '`open`: parts are missing, or `complete` was not asked for. `attached`: the source of a version.' }),
  part_bytes: z.int(),
  parts_total: z.int().meta({ description: 'How many parts there must be.' }),
  parts: z.array(uploadPartSchema).meta({ description: 'Those that have arrived; a client that was interrupted sends the others.' }),
  next_offset: z.int().meta({ description: 'Bytes of the file that have arrived without a gap: where `PUT …/content` goes on.' }),
  dataset_version_id: idSchema('dataset_version').nullable(),
  expires_at: z.iso.datetime().nullable().meta({ description: 'When an upload that nobody uses is removed; null once it is attached.' }),
  created_at: z.iso.datetime(),
})
export type Upload = z.infer<typeof uploadSchema>

export const partUrlSchema = z.object({ url: z.url(), method: z.literal('PUT'), expires_at: z.iso.datetime() })
export type PartUrl = z.infer<typeof partUrlSchema>

/** Where the file of a version comes from: an upload that is complete, or a URL that the preparation fetches. */
export const versionSourceSchema = z.union([
  z.strictObject({ upload_id: idSchema('upload') }),
  z.strictObject({ url: z.string().max(2048).meta({ description: 'http or https, of a public host.' }) }),
])
export type VersionSource = z.infer<typeof versionSourceSchema>

export const appendOptionsSchema = z.strictObject({
  new_classes: z.boolean().default(false).meta({ description: 'Whether there may be classes that the version has not.' }),
})
export type AppendOptions = z.infer<typeof appendOptionsSchema>

export const importVersionSchema = z.strictObject({
  sources: z.partialRecord(uploadRoleSchema, versionSourceSchema).meta({ description: 'By role, as the parts of the multipart form.' }),
  options: prepareOptionsSchema.prefault({}),
})
export type ImportVersion = z.infer<typeof importVersionSchema>

export const appendImportSchema = importVersionSchema.pick({ sources: true }).extend({ options: appendOptionsSchema.prefault({}) })
export type AppendImport = z.infer<typeof appendImportSchema>
