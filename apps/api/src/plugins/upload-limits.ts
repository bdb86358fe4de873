// Bounds of a multipart body.

import type { FastifyMultipartOptions } from '@fastify/multipart'
import { uploadRoleSchema } from '@trainyard/contracts'
import type { ApiLimits } from '../deps.ts'

const ROLES = uploadRoleSchema.options.length

export function uploadLimits({ uploadBytesMax }: ApiLimits): FastifyMultipartOptions {
  return {
    throwFileSizeLimit: true,
    limits: {
      files: ROLES,
      fields: 1,
      parts: ROLES + 1,
      fileSize: uploadBytesMax,
      fieldSize: 64 * 1024,
      fieldNameSize: 100,
      headerPairs: 20,
    },
  }
}
