// A large file over a line that breaks: `PUT /v1/uploads/{upload_id}/content` is cut off at random places, every second time by a SIGKILL of the API, and goes
// on with what has not arrived. Shows the bytes that were sent twice, the API's peak memory, and that the stored file is the one that was announced.
//
// usage: npm run bench:broken-upload -- [--megabytes 5120] [--breaks 20] [--seed 1]

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { newUuid, type Upload } from '@trainyard/contracts'
import { apiKeys, createDatabase, projects } from '@trainyard/database'
import { startTestServices } from '@trainyard/testkit'
import { type ApiProcess, startApiProcess } from '../apps/api/src/testing/api-process.ts'
import { Choices } from '../tests/chaos/random.ts'

const MiB = 1 << 20
/** About twice what the process has before: the same for a file of 1 GiB and of 5. */
const PEAK_MIB_MAX = 400

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '5120' },
    breaks: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
})
const bytes = Number(values.megabytes) * MiB
const breaks = Number(values.breaks)
const choices = new Choices(Number(values.seed))

/** The file's i-th MiB: no two are equal, so that a part in another's place is noticed. */
const chunk = Buffer.alloc(MiB, '0.25,0.75,a\n')
const chunkAt = (i: number): Buffer => {
  chunk.write(`${i},`.padStart(12, '0'))
  return chunk
}
const hash = createHash('sha256')
for (let i = 0; i < bytes / MiB; i++) hash.update(chunkAt(i))
const sha256 = hash.digest('hex')

const services = await startTestServices({ redis: false })
const database = createDatabase({ url: services.databaseUrl, poolSize: 2 })
const { key } = await database.asWorker(async (tx) => {
  const project = await projects.create(tx, { name: `bench ${newUuid()}` })
  return await apiKeys.create(tx, { projectId: project.id, name: 'bench', scopes: ['read', 'write'] })
})
const authorization = `Bearer ${key}`
const start = () => startApiProcess(services.databaseUrl, services.storageUrl)
let api: ApiProcess = await start()
let peakMiB = 0

async function call(method: string, path: string, body?: unknown): Promise<Upload> {
  const json = body === undefined ? {} : { body: JSON.stringify(body) }
  const response = await fetch(`${api.url}${path}`, { method, headers: { authorization, 'content-type': 'application/json' }, ...json })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Upload
}

/**
 * Sends what has not arrived, at most `stopAfter` bytes of it.
 * @returns bytes sent, and the status of the answer; null where the connection broke
 */
async function send({ id, next_offset: offset }: Upload, stopAfter: number): Promise<{ sent: number; status: number | null }> {
  const headers = { authorization, 'content-type': 'application/octet-stream', 'content-length': bytes - offset }
  const outgoing = request(`${api.url}/v1/uploads/${id}/content`, { method: 'PUT', headers })
  const status = new Promise<number | null>((resolve) => {
    outgoing.once('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? null)
    })
    outgoing.once('error', () => resolve(null))
  })
  let sent = 0
  for (let at = offset; at < bytes && sent < stopAfter && !outgoing.destroyed; at += MiB, sent += MiB) {
    // A copy: the socket may hold the last one still.
    if (!outgoing.write(Buffer.from(chunkAt(at / MiB)))) await Promise.race([once(outgoing, 'drain'), status])
  }
  if (offset + sent >= bytes) outgoing.end()
  else outgoing.destroy()
  return { sent, status: await status }
}

try {
  const begun = performance.now()
  const { id } = await call('POST', '/v1/uploads', { file_name: 'flights.csv', bytes, sha256 })
  let sent = 0
  for (let i = 0; i < breaks; i++) {
    const upload = await call('GET', `/v1/uploads/${id}`)
    // Together less than the file, most likely: the last request has something to do.
    const attempt = await send(upload, choices.between(0, 1.6 / breaks) * bytes)
    sent += attempt.sent
    peakMiB = Math.max(peakMiB, (await api.peakBytes()) / MiB)
    if (attempt.status !== null) throw new Error(`break ${i + 1} was answered with ${attempt.status}`)
    if (i % 2 === 1) {
      await api.stop('SIGKILL')
      api = await start()
    }
  }
  const last = await send(await call('GET', `/v1/uploads/${id}`), Number.POSITIVE_INFINITY)
  sent += last.sent
  peakMiB = Math.max(peakMiB, (await api.peakBytes()) / MiB)
  const whole = await call('GET', `/v1/uploads/${id}`)
  const files = readdirSync(fileURLToPath(services.storageUrl), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const seconds = (performance.now() - begun) / 1000
  console.log(
    `${values.megabytes} MiB, broken off ${breaks} times, ${Math.floor(breaks / 2)} of them by SIGKILL of the API: ${seconds.toFixed(0)} s`,
  )
  console.log(`sent ${(sent / bytes).toFixed(3)} times; answer ${last.status}, ${whole.status}; files in storage: ${files.length}`)
  console.log(`announced ${sha256}\nstored    ${whole.sha256}`)
  console.log(`peak resident memory of the API: ${peakMiB.toFixed(0)} MiB, limit ${PEAK_MIB_MAX}`)
  if (whole.status !== 'complete' || whole.sha256 !== sha256 || files.length !== 1 || peakMiB > PEAK_MIB_MAX) process.exitCode = 1
} finally {
  await api.stop()
  await database.close()
  await services.stop()
}
