// A multipart body of any size, made while it is sent: an IDX file of zeros.

import { request } from 'node:http'

const BOUNDARY = 'trainyard-generated-upload'
const CHUNK = Buffer.alloc(1 << 20)
const ROW_BYTES = 28 * 28

export interface Answer {
  readonly status: number
  readonly body: string
}

/** @param abortAfterBytes breaks the connection there */
export async function uploadGenerated(url: string, key: string, bytes: number, abortAfterBytes?: number): Promise<Answer | 'aborted'> {
  const rows = Math.floor(bytes / ROW_BYTES)
  const outgoing = request(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
  })
  const answer = new Promise<Answer | 'aborted'>((resolve, reject) => {
    outgoing.on('error', (error) => (abortAfterBytes === undefined ? reject(error) : resolve('aborted')))
    outgoing.on('response', async (response) => {
      let body = ''
      for await (const chunk of response) body += chunk
      resolve({ status: response.statusCode ?? 0, body })
    })
  })
  const write = (chunk: Buffer | string) =>
    new Promise<void>((resolve, reject) => outgoing.write(chunk, (error) => (error ? reject(error) : resolve())))
  try {
    await write(partHead('train_labels'))
    await write(Buffer.concat([idxHeader(0x08, [rows]), Buffer.alloc(Math.min(rows, 1000))]))
    await write(`\r\n${partHead('train_images')}`)
    await write(idxHeader(0x08, [rows, 28, 28]))
    for (let sent = 0; sent < bytes; sent += CHUNK.length) {
      if (abortAfterBytes !== undefined && sent >= abortAfterBytes) {
        outgoing.destroy()
        break
      }
      await write(CHUNK)
    }
    outgoing.end(`\r\n--${BOUNDARY}--\r\n`)
  } catch {
    // The error event has it.
  }
  return answer
}

function partHead(name: string): string {
  return `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"; filename="${name}"\r\n\r\n`
}

function idxHeader(type: number, sizes: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.writeUInt8(type, 2)
  header.writeUInt8(sizes.length, 3)
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i)
  })
  return header
}
