import { checkpoints } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import { parseRange } from '../../http/byte-range.ts'
import { idParams, uuidOf } from '../../http/ids.ts'
import { found } from '../../http/parse.ts'
import { defineRoute } from '../../http/route.ts'
import { matches } from '../../plugins/etag.ts'

const CONTENT_TYPE = 'application/octet-stream'

export const downloadCheckpoint = defineRoute({
  method: 'GET',
  path: '/v1/checkpoints/{checkpoint_id}/download',
  operationId: 'downloadCheckpoint',
  tag: 'checkpoints',
  summary: 'Download a checkpoint',
  description:
    'The weights (`model.*`) and the state of the optimizer (`optimizer.*`) as a safetensors file. The ETag is its SHA-256; a download that ' +
    'broke goes on with Range and If-Range.',
  scope: 'read',
  params: idParams('checkpoint'),
  responses: {
    200: { description: 'The file.', schema: null, contentType: CONTENT_TYPE },
    206: { description: 'A part of the file.', schema: null, contentType: CONTENT_TYPE },
    304: { description: 'The client has it already (If-None-Match).', schema: null },
  },
  errors: ['range_not_satisfiable'],
  handler: async ({ params: { checkpoint_id }, deps, request, reply, transaction }) => {
    const id = uuidOf('checkpoint', checkpoint_id)
    const { bytes, sha256, objectKey } = found(await transaction((tx) => checkpoints.find(tx, id)), checkpoint_id)
    const etag = `"${sha256}"`
    reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'private, max-age=31536000, immutable' })
    if (matches(request.headers['if-none-match'], etag)) return reply.code(304).send()
    const isSame = [undefined, etag].includes(request.headers['if-range']?.toString())
    const range = isSame ? parseRange(request.headers.range, bytes) : null
    if (range === 'unsatisfiable') {
      reply.header('content-range', `bytes */${bytes}`)
      throw new TrainyardError('range_not_satisfiable', { detail: `The file has ${bytes} bytes; the range begins behind them.` })
    }
    const content = await deps.storage.get(objectKey, range ?? undefined)
    if (range !== null) reply.code(206).header('content-range', `bytes ${range.start}-${range.end}/${bytes}`)
    return reply
      .header('content-length', range === null ? bytes : range.end - range.start + 1)
      .header('content-disposition', `attachment; filename="${checkpoint_id}.safetensors"`)
      .type(CONTENT_TYPE)
      .send(content)
  },
})
