// Requirement 34: what a body may cost in memory, measured on a process of its own, whatever the body is made of.

import { request as openRequest } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Dataset, newUuid, toWireId } from '@trainyard/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from './deps.ts'
import { type ApiProcess, startApiProcess } from './testing/api-process.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const MiB = 1 << 20
/** Of all bodies together, each of which is refused. A million fields that were kept would be more. */
const GROWTH_BYTES_MAX = 200 * MiB

type Pieces = Iterable<string>

function* repeat(count: number, piece: (i: number) => string): Generator<string> {
  const batch = 1000
  for (let i = 0; i < count; i += batch) yield Array.from({ length: batch }, (_, j) => piece(i + j)).join('')
}
const part = (disposition: string, rest = '', content = '1') =>
  `--limit\r\ncontent-disposition: form-data; ${disposition}\r\n${rest}\r\n${content}\r\n`
/** As text of so many MiB. */
const long = (mebibytes: number, text = 'x') => repeat(mebibytes * 1000, () => text.repeat(MiB / 1000))
function* joined(...parts: readonly (string | Pieces)[]): Generator<string> {
  for (const piece of parts) {
    if (typeof piece === 'string') yield piece
    else yield* piece
  }
}

/** Of those that are settled. */
async function answeredOf<T>(answers: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.all(answers.map((answer) => Promise.race([answer, Promise.resolve(null)])))
  return settled.filter((answer) => answer !== null)
}

describe('requirement 34: memory', () => {
  let api: TestApi
  let server: ApiProcess
  let versions: string
  let peakBytesBefore: number
  beforeAll(async () => {
    api = await startTestApi()
    server = await startApiProcess(api.databaseUrl, api.storageUrl)
    peakBytesBefore = await server.peakBytes()
    versions = `/v1/datasets/${(await api.request('POST', '/v1/datasets', { name: 'memory' })).json<Dataset>().id}/versions`
  })
  afterAll(async () => {
    await server?.stop()
    await api?.stop()
  })

  /** @returns status and code, or that the connection was closed */
  const send = (path: string, contentType: string, body: Pieces) =>
    new Promise<readonly [number, string] | 'closed'>((resolve) => {
      const headers = { authorization: `Bearer ${api.project.key}`, 'content-type': contentType, 'transfer-encoding': 'chunked' }
      const outgoing = openRequest(server.url + path, { method: 'POST', headers })
      outgoing.on('response', async (response) => {
        let text = ''
        try {
          for await (const chunk of response) text += chunk
          resolve([response.statusCode ?? 0, JSON.parse(text).code])
        } catch {
          resolve('closed')
        }
      })
      pipeline(Readable.from(body), outgoing).catch(() => setTimeout(() => resolve('closed'), 500))
    })

  const form = 'multipart/form-data; boundary=limit'
  it.each<readonly [string, string, () => Pieces, readonly string[]]>([
    ['fields with a million names', form, () => repeat(1_000_000, (i) => part(`name="f${i}"`)), ['payload_too_large', 'invalid_request']],
    ['a million parts of a file', form, () => repeat(1_000_000, (i) => part(`name="f${i}"; filename="x"`)), ['payload_too_large']],
    [
      'a field name of 64 MiB',
      form,
      () => joined('--limit\r\ncontent-disposition: form-data; name="', long(64), '"\r\n\r\n1\r\n--limit--\r\n'),
      ['malformed_upload', 'malformed_json', 'invalid_request'],
    ],
    [
      'a field of 64 MiB',
      form,
      () => joined(part('name="options"').slice(0, -3), long(64), '\r\n--limit--\r\n'),
      ['invalid_request', 'payload_too_large'],
    ],
    [
      'a part with a million headers',
      form,
      () =>
        joined(
          '--limit\r\n',
          repeat(1_000_000, (i) => `x-${i}: 1\r\n`),
          '\r\n1\r\n--limit--\r\n',
        ),
      ['malformed_upload', 'malformed_json', 'invalid_request'],
    ],
    [
      'a header name of 64 MiB',
      form,
      () => joined('--limit\r\n', long(64), ': 1\r\n\r\n1\r\n--limit--\r\n'),
      ['malformed_upload', 'malformed_json', 'invalid_request'],
    ],
    [
      '64 MiB before the first part',
      form,
      () => joined(long(64), '\r\n--limit--\r\n'),
      ['malformed_upload', 'malformed_json', 'invalid_request'],
    ],
    [
      '16 MiB of what is almost a boundary',
      form,
      () => joined(part('name="f"; filename="x"').slice(0, -3), long(16, '\r\n--limi'), '\r\n--limit--\r\n'),
      ['invalid_request', 'unsupported_media_type'],
    ],
    ['deep options', form, () => [part('name="options"', '', '['.repeat(60_000)), '--limit--\r\n'], ['invalid_request']],
    [
      'deep options as JSON',
      form,
      () => [part('name="options"', 'content-type: application/json\r\n', `${'['.repeat(30_000)}${']'.repeat(30_000)}`), '--limit--\r\n'],
      ['invalid_request'],
    ],
  ])('of %s is bounded', async (_, contentType, body, codes) => {
    const answer = await send(versions, contentType, body())
    if (answer !== 'closed') expect(codes).toContain(answer[1])
    expect((await server.peakBytes()) - peakBytesBefore).toBeLessThan(GROWTH_BYTES_MAX)
  })

  it.each<readonly [string, () => Pieces, readonly [number, string]]>([
    ['64 MiB of JSON', () => joined('{"name": "', long(64), '"}'), [413, 'payload_too_large']],
    ['2 MiB of lists in lists', () => ['['.repeat(2_000_000)], [400, 'malformed_json']],
    ['2 MiB of objects in objects', () => ['{"a":'.repeat(400_000)], [400, 'malformed_json']],
    ['100,000 unknown fields', () => [`{${Array.from({ length: 100_000 }, (_, i) => `"name${i}":0`).join()}}`], [422, 'invalid_request']],
  ])('of %s is bounded', async (_, body, answer) => {
    const got = await send('/v1/datasets', 'application/json', body())
    if (got !== 'closed') expect(got).toEqual(answer)
    expect((await server.peakBytes()) - peakBytesBefore).toBeLessThan(GROWTH_BYTES_MAX)
  })

  it.each([
    ['one header of 1 MiB', { 'x-long': 'x'.repeat(MiB) }],
    ['a name of 1 MiB', { ['x'.repeat(MiB)]: '1' }],
    ['50,000 headers', Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`x-${i}`, '1']))],
  ])('of %s is bounded', async (_, headers) => {
    const status = await new Promise((resolve) => {
      const outgoing = openRequest(server.url, { headers }, (response) => resolve(response.statusCode))
      outgoing.on('error', () => resolve('closed'))
      outgoing.end()
    })
    expect([431, 'closed']).toContain(status)
    expect((await server.peakBytes()) - peakBytesBefore).toBeLessThan(GROWTH_BYTES_MAX)
  })

  it('of bodies that are held at once is bounded: what is beyond is refused, and taken when there is room again', async () => {
    const [count, bytes] = [30, 31 * MiB]
    const before = await server.peakBytes()
    const checkpoint = `/v1/checkpoints/${toWireId('checkpoint', newUuid())}/predict`
    const headers = { authorization: `Bearer ${api.project.key}`, 'content-type': 'application/json', 'content-length': bytes }
    // All but the last byte of each.
    const clients = Array.from({ length: count }, () => openRequest(server.url + checkpoint, { method: 'POST', headers }))
    const answers = clients.map(
      (client) =>
        new Promise<number>((resolve) => {
          client.on('response', (response) => resolve(response.resume().statusCode ?? 0))
          client.on('error', () => {})
          client.write(`{"inputs": [[${'0'.repeat(bytes - 13)}`)
        }),
    )
    const refused = count - Math.floor(DEFAULT_LIMITS.bodiesBytesMax / bytes)
    await expect.poll(() => answeredOf(answers), { timeout: 30_000 }).toEqual(Array.from({ length: refused }, () => 503))
    expect((await server.peakBytes()) - before).toBeLessThan(2 * DEFAULT_LIMITS.bodiesBytesMax)
    const other = await fetch(`${server.url}/v1/datasets`, { headers: { authorization: headers.authorization } })
    expect(other.status).toBe(200)
    for (const client of clients) client.destroy()
    await expect.poll(() => send('/v1/datasets', 'application/json', ['{"nam": 1}'])).toEqual([422, 'invalid_request'])
  })
})
