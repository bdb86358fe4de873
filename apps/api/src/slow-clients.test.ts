// Requirement 34: clients that send a byte now and then. Each is answered and disconnected, leaves nothing, and keeps nobody waiting.

import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dataset, Upload } from '@trainyard/contracts'
import { projects, uploads } from '@trainyard/database'
import fastify from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerConnectionError } from './http/connection-errors.ts'
import { registerSlowBodies } from './plugins/slow-bodies.ts'
import { trainXor } from './testing/fixtures.ts'
import { startTestApi, type TestApi } from './testing/test-api.ts'

const MiB = 1 << 20
const CONNECTIONS = { countMax: 100, headersMs: 400, idleMs: 60_000, requestMs: 3_600_000, bodyWindowMs: 400, bodyWindowBytes: 4096 }
const PART = 5 * MiB
/** More than is looked at before a file is stored. */
const ROWS = `a,b,y\n${'0,1,1\n'.repeat(2000)}`

/** Sends the first text at once and the second in pieces, and reads until the server closes. */
async function drip(port: number, first: string, then: string, pieceBytes = 1): Promise<{ answer: string; isWhole: boolean }> {
  const socket = connect({ host: '127.0.0.1', port })
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('data', (text) => {
    answer += text
  })
  // Whoever sends into a connection that is closed is told so.
  socket.on('error', () => {})
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.write(first)
  let sent = 0
  while (!socket.destroyed && sent < then.length) {
    socket.write(then.slice(sent, sent + pieceBytes))
    sent += pieceBytes
    await sleep(10)
  }
  await closed
  return { answer, isWhole: sent >= then.length }
}

describe('requirement 34: slow clients', () => {
  let api: TestApi
  let port: number
  let dataset: Dataset
  let upload: Upload
  let checkpoint: string
  beforeAll(async () => {
    api = await startTestApi({ connections: CONNECTIONS })
    await api.app.listen({ host: '127.0.0.1', port: 0 })
    port = (api.app.server.address() as AddressInfo).port
    dataset = (await api.request('POST', '/v1/datasets', { name: 'slow' })).json()
    checkpoint = (await trainXor(api.database, api.storage, api.project.id)).checkpointId
    upload = (await api.request('POST', '/v1/uploads', { file_name: 'f.csv', bytes: 2 * PART, part_bytes: PART })).json()
  })
  afterAll(() => api?.stop())

  const head = (line: string, headers: Record<string, string | number>) =>
    [
      `${line} HTTP/1.1`,
      'host: localhost',
      `authorization: Bearer ${api.project.key}`,
      'connection: close',
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '\r\n',
    ].join('\r\n')
  const formHead = (length: number) =>
    head(`POST /v1/datasets/${dataset.id}/versions`, {
      'content-type': 'multipart/form-data; boundary=limit',
      'content-length': length,
      'idempotency-key': 'slow',
    })
  const form = (content: string) =>
    `--limit\r\ncontent-disposition: form-data; name="file"; filename="x"\r\n\r\n${content}\r\n--limit--\r\n`
  const bytes = (length: number) => ({ 'content-type': 'application/octet-stream', 'content-length': length })
  const keys = () => api.database.workerSql.query("SELECT key FROM idempotency_keys WHERE key = 'slow'", [])
  const files = async () => (await api.listFiles()).sort()

  const ENDLESS = '0,1,1\n'.repeat(100_000)
  it.each<readonly [string, () => readonly [string, string]]>([
    ['the request line', () => ['', 'GET /v1/project'.padEnd(10_000, 'x')]],
    ['a header', () => ['GET /v1/project HTTP/1.1\r\nx-endless: ', 'x'.repeat(10_000)]],
    ['headers that never end', () => ['GET /v1/project HTTP/1.1\r\n', 'a: b\r\n'.repeat(10_000)]],
    [
      'a JSON body',
      () => [
        head('POST /v1/datasets', { 'content-type': 'application/json', 'content-length': 1e6, 'idempotency-key': 'slow' }),
        `{"name": "${ENDLESS}`,
      ],
    ],
    [
      'chunks of a JSON body',
      () => [
        head('POST /v1/datasets', { 'content-type': 'application/json', 'transfer-encoding': 'chunked' }),
        '1\r\n \r\n'.repeat(100_000),
      ],
    ],
    ['the first bytes of a form', () => [formHead(1e6), form(ENDLESS)]],
    ['the head of a part of a form', () => [formHead(1e6), `--limit\r\ncontent-disposition: ${ENDLESS}`]],
    ['a file in a form', () => [`${formHead(1e6)}${form(ROWS).slice(0, -20)}`, ENDLESS]],
    [
      'a picture to predict',
      () => [
        head(`POST /v1/checkpoints/${checkpoint}/predict/images`, {
          'content-type': 'multipart/form-data; boundary=limit',
          'content-length': 1e6,
        }),
        form(ENDLESS).replace('"file"', '"images"'),
      ],
    ],
    ['a part of an upload', () => [`${head(`PUT /v1/uploads/${upload.id}/parts/2`, bytes(PART))}${ROWS}`, ENDLESS]],
    ['the content of an upload', () => [`${head(`PUT /v1/uploads/${upload.id}/content`, bytes(2 * PART))}${ROWS}`, ENDLESS]],
  ])('ends a client that sends %s a byte at a time', async (_, request) => {
    const [filesBefore, rows] = [await files(), await api.countRows()]
    const slow = drip(port, ...request())
    let hasEnded = false
    const ended = slow.finally(() => {
      hasEnded = true
    })
    let served = 0
    do {
      const other = await fetch(`http://127.0.0.1:${port}/v1/datasets`, { headers: { authorization: `Bearer ${api.project.key}` } })
      expect(other.status).toBe(200)
      served++
      await sleep(20)
    } while (!hasEnded)
    expect(served).toBeGreaterThan(0)
    const { answer, isWhole } = await ended
    expect(isWhole).toBe(false)
    const [, status, text = ''] = /^HTTP\/1\.1 (\d+) .*?\r\n\r\n(.*)$/s.exec(answer) ?? []
    expect([status, JSON.parse(text)]).toEqual(['408', expect.objectContaining({ code: 'slow_request', retryable: true })])
    await expect.poll(files).toEqual(filesBefore)
    await expect.poll(keys).toEqual([])
    expect(await api.countRows()).toEqual(rows)
  })

  it('ends a client that goes on after its answer', async () => {
    const request = 'POST /v1/datasets HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n'
    const { answer, isWhole } = await drip(port, request, ENDLESS)
    expect([answer.slice(0, 12), answer.split('HTTP/1.1').length, isWhole]).toEqual(['HTTP/1.1 401', 2, false])
  })

  it('ends a request that lasts too long, at whatever speed', async () => {
    const hurried = await startTestApi({ connections: { ...CONNECTIONS, headersMs: 200, requestMs: 600, bodyWindowBytes: 1 } })
    try {
      await hurried.app.listen({ host: '127.0.0.1', port: 0 })
      const request = head('POST /v1/datasets', { 'content-type': 'application/json', 'content-length': 1e6 })
      const hurriedPort = (hurried.app.server.address() as AddressInfo).port
      const { answer, isWhole } = await drip(hurriedPort, request.replace(api.project.key, hurried.project.key), `"${ENDLESS}`, 10)
      expect([answer.slice(0, 12), isWhole]).toEqual(['HTTP/1.1 408', false])
    } finally {
      await hurried.stop()
    }
  })

  it('closes connections beyond those that may be open, and serves the others', async () => {
    const few = await startTestApi({ connections: { ...CONNECTIONS, countMax: 3, headersMs: 60_000 } })
    try {
      await few.app.listen({ host: '127.0.0.1', port: 0 })
      const open = (): Promise<Socket> =>
        new Promise((resolve) => {
          const socket = connect({ host: '127.0.0.1', port: (few.app.server.address() as AddressInfo).port })
          socket.on('error', () => {})
          socket.once('connect', () => resolve(socket))
        })
      const served = async (socket: Socket): Promise<boolean> => {
        const answered = Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)])
        socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
        return await answered
      }
      const held = [await open(), await open(), await open()]
      expect(await Promise.all(held.map(served))).toEqual([true, true, true])
      expect(await served(await open())).toBe(false)
      expect(await Promise.all(held.map(served))).toEqual([true, true, true])
      held[0]?.destroy()
      await expect.poll(async () => served(await open())).toBe(true)
    } finally {
      await few.stop()
    }
  })

  it('leaves quota and key to the next', async () => {
    const used = await api.database.asWorker(async (tx) => (await uploads.storageUsage(tx, api.project.id)).used)
    await api.database.asWorker((tx) => projects.setLimits(tx, api.project.id, { storageLimit: used + ROWS.length }))
    const slow = await drip(port, `${formHead(1e6)}${form(ROWS).slice(0, -20)}`, ENDLESS)
    expect(slow.answer).toContain('slow_request')
    await expect.poll(keys).toEqual([])
    const whole = form(ROWS)
    expect((await drip(port, `${formHead(whole.length)}${whole}`, '')).answer).toMatch(/^HTTP\/1\.1 201 /)
    await api.database.asWorker((tx) => projects.setLimits(tx, api.project.id, { storageLimit: null }))
    await api.database.workerSql.query("DELETE FROM idempotency_keys WHERE key = 'slow'", [])
  })

  it('has patience with a slow line', async () => {
    const whole = form(ROWS.repeat(4))
    const slow = await drip(port, formHead(whole.length), whole, 512)
    expect(slow).toMatchObject({ answer: expect.stringMatching(/^HTTP\/1\.1 201 /), isWhole: true })
  })

  it('does not take itself for a slow client', async () => {
    const app = fastify({ clientErrorHandler: answerConnectionError })
    registerSlowBodies(app, CONNECTIONS)
    app.addContentTypeParser('application/octet-stream', (_, stream, done) => done(null, stream))
    app.post('/', { bodyLimit: 64 * MiB }, async ({ raw }) => {
      await sleep(4 * CONNECTIONS.bodyWindowMs)
      let length = 0
      for await (const chunk of raw) length += chunk.length
      return { length }
    })
    try {
      const url = await app.listen({ host: '127.0.0.1', port: 0 })
      const headers = { 'content-type': 'application/octet-stream' }
      const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(32 * MiB) })
      expect(await answer.json()).toEqual({ length: 32 * MiB })
    } finally {
      await app.close()
    }
  })
})
