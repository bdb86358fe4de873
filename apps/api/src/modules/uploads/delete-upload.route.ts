import { uploads } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { requireUpload, toParted } from './upload-parts.ts'

export const deleteUpload = defineRoute({
  method: 'DELETE',
  path: '/v1/uploads/{upload_id}',
  operationId: 'deleteUpload',
  tag: 'uploads',
  summary: 'Give an upload up',
  description: 'Removes what has arrived and frees its bytes. One that a version was made of is part of that version: 409.',
  scope: 'write',
  params: idParams('upload'),
  responses: { 204: { description: 'It is gone.', schema: null } },
  errors: ['conflict'],
  handler: async ({ params: { upload_id: uploadId }, deps, reply, transaction }) => {
    // The row goes first: a row whose file is gone would be worse than a file without a row, which a death of this process leaves.
    const upload = await transaction(async (tx) => {
      const found = await requireUpload(tx, uploadId)
      if (found.datasetVersionId !== null) {
        throw new TrainyardError('conflict', { detail: `${uploadId} is the source of a version.`, hint: 'Delete the version.' })
      }
      await uploads.remove(tx, found.id)
      return found
    })
    await deps.storage.abortParts(toParted(upload))
    await deps.storage.delete(upload.objectKey)
    return reply.code(204).send()
  },
})
