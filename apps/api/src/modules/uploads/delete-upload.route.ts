import { uploads } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import { idParams } from '../../http/ids.ts'
import { defineRoute } from '../../http/route.ts'
import { removeFiles, requireUpload } from './upload-parts.ts'

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
    // Marked first, and the row goes last: the removal goes on elsewhere if this process dies.
    const upload = await transaction(async (tx) => {
      const found = await requireUpload(tx, uploadId)
      if (found.datasetVersionId !== null) {
        throw new TrainyardError('conflict', { detail: `${uploadId} is the source of a version.`, hint: 'Delete the version.' })
      }
      await uploads.startRemoval(tx, found.id)
      return found
    })
    await removeFiles(deps.storage, upload)
    await transaction((tx) => uploads.remove(tx, upload.id))
    return reply.code(204).send()
  },
})
