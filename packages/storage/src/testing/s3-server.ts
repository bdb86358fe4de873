// The part of S3 that the storage uses, in memory, for the conformance tests. It follows the service's REST reference where clients notice: path
// style, ranges, multipart uploads that exist only when completed, pages of lists, XML errors. It does not check signatures.

import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

export interface S3TestServer {
  readonly url: string
  /** Multipart uploads that were neither completed nor aborted. */
  openUploads(): number
  /** The largest number of bytes that one request carried. */
  largestBody(): number
  stop(): Promise<void>
}

interface Stored {
  readonly body: Buffer
  readonly modifiedAt: Date
}

/** Small, so that tests see more than one page. */
const KEYS_PER_PAGE = 2

export async function startS3Server(bucket: string): Promise<S3TestServer> {
  const objects = new Map<string, Stored>()
  const uploads = new Map<string, Map<number, Buffer>>()
  let largest = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://s3')
    const [, name, ...rest] = pathname.split('/').map(decodeURIComponent)
    const key = rest.join('/')
    const body = Buffer.concat(await request.toArray())
    largest = Math.max(largest, body.length)
    const uploadId = query.get('uploadId')
    const parts = uploads.get(uploadId ?? '')
    const method = request.method ?? ''
    if (name !== bucket) return fail(response, 404, 'NoSuchBucket')
    if (uploadId !== null && parts === undefined) return fail(response, 404, 'NoSuchUpload')

    if (key === '') return method === 'HEAD' ? void response.end() : list(response, query)
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID()
      uploads.set(id, new Map())
      return xml(response, `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
    }
    if (parts !== undefined && uploadId !== null) {
      if (method === 'PUT') {
        parts.set(Number(query.get('partNumber')), body)
        return void response.setHeader('etag', etagOf(body)).end()
      }
      if (method === 'GET') return listParts(response, parts)
      uploads.delete(uploadId)
      if (method === 'DELETE') return void response.writeHead(204).end()
      const whole = Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, part]) => part))
      objects.set(key, { body: whole, modifiedAt: new Date() })
      return xml(response, `<CompleteMultipartUploadResult><ETag>${etagOf(whole)}</ETag></CompleteMultipartUploadResult>`)
    }
    if (method === 'PUT') {
      objects.set(key, { body, modifiedAt: new Date() })
      return void response.setHeader('etag', etagOf(body)).end()
    }
    if (method === 'DELETE') {
      objects.delete(key)
      return void response.writeHead(204).end()
    }
    const found = objects.get(key)
    if (found === undefined) return fail(response, 404, 'NoSuchKey', method === 'HEAD')
    response.setHeader('last-modified', found.modifiedAt.toUTCString())
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(range?.[1] ?? 0)
    const end = range?.[2] ? Number(range[2]) + 1 : found.body.length
    const content = found.body.subarray(start, end)
    response.writeHead(range === null ? 200 : 206, { 'content-length': content.length })
    response.end(method === 'HEAD' ? undefined : content)
  }

  function listParts(response: ServerResponse, parts: ReadonlyMap<number, Buffer>): void {
    const rows = [...parts]
      .sort(([a], [b]) => a - b)
      .map(([number, body]) => {
        return `<Part><PartNumber>${number}</PartNumber><Size>${body.length}</Size><ETag>${etagOf(body)}</ETag></Part>`
      })
    xml(response, `<ListPartsResult>${rows.join('')}<IsTruncated>false</IsTruncated></ListPartsResult>`)
  }

  function list(response: ServerResponse, query: URLSearchParams): void {
    const after = query.get('continuation-token') ?? ''
    const keys = [...objects.keys()].sort().filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
    const page = keys.slice(0, KEYS_PER_PAGE)
    const contents = page.map((key) => {
      const { body, modifiedAt } = objects.get(key) ?? { body: Buffer.alloc(0), modifiedAt: new Date(0) }
      return `<Contents><Key>${key}</Key><Size>${body.length}</Size><LastModified>${modifiedAt.toISOString()}</LastModified></Contents>`
    })
    const next = keys.length > page.length ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : ''
    xml(response, `<ListBucketResult>${contents.join('')}<IsTruncated>${next !== ''}</IsTruncated>${next}</ListBucketResult>`)
  }

  const server = createServer((request, response) => {
    // A client that goes away in the middle leaves nothing.
    handle(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the S3 test server got no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    openUploads: () => uploads.size,
    largestBody: () => largest,
    stop: async () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`

function xml(response: ServerResponse, content: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${content}`)
}

function fail(response: ServerResponse, status: number, code: string, isHead = false): void {
  if (isHead) response.writeHead(status).end()
  else xml(response, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`, status)
}
