// What it costs to ask for the state of a job: time and CPU of the API for each answer, beside an answer that reads nothing (/healthz), which is what HTTP
// itself takes. From several clients at once, from one, and once a second, as a dashboard asks.
// `npm run bench:polls -- [--polls 1000]`: five times as many are made within the 6,000 requests that a key has a minute. Linux only.

import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Job, newUuid } from '@trainyard/contracts'
import { XOR_CSV, XOR_OPTIONS, xorRun } from '../apps/worker/src/testing/samples.ts'
import { startService } from '../tests/e2e/service.ts'
import { uploadData } from '../tests/e2e/upload-data.ts'

const { values } = parseArgs({ options: { polls: { type: 'string', default: '1000' } } })
const POLLS = Number(values.polls)
const CLIENTS = 8
const SLOW_POLLS = 15

const service = await startService({ redis: false })
const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })

/** Of all its threads, by the scheduler: /proc/PID/stat counts in hundredths of a second. */
const cpuMs = () => {
  const tasks = `/proc/${service.apiPid}/task`
  return readdirSync(tasks).reduce((sum, task) => sum + Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6, 0)
}
/** @returns milliseconds until the answer was complete */
const ask = (path: string, headers: Record<string, string>) =>
  new Promise<number>((resolve, reject) => {
    const asked = performance.now()
    request(`${service.url}${path}`, { agent, headers }, (response) => {
      const { statusCode = 0 } = response
      if (statusCode !== 200 && statusCode !== 304) reject(new Error(`GET ${path}: ${statusCode}`))
      response.resume().once('end', () => resolve(performance.now() - asked))
    })
      .once('error', reject)
      .end()
  })

interface Case {
  readonly what: string
  readonly clients: number
  readonly polls: number
  readonly pauseMs: number
  poll(): Promise<number>
}

async function measure({ what, clients, polls, pauseMs, poll }: Case): Promise<void> {
  const times: number[] = []
  const before = cpuMs()
  const begun = performance.now()
  const client = async () => {
    for (let i = 0; i < polls / clients; i++) {
      times.push(await poll())
      await sleep(pauseMs)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - begun) / 1000
  const sorted = times.sort((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1)
  const cpu = ((cpuMs() - before) / times.length).toFixed(2)
  console.log(`| ${[what, clients, (times.length / seconds).toFixed(0), cpu, at(0.5), at(0.99)].join(' | ')} |`)
}

try {
  const { spec, training } = xorRun(newUuid())
  const { dataset_id } = await uploadData(service, 'xor', { file: XOR_CSV }, XOR_OPTIONS)
  const { id } = await service.request<Job>('POST', '/v1/jobs', {
    kind: 'train',
    dataset: dataset_id,
    model: spec,
    training,
  })
  await service.waitForJob<Job>(id)
  const headers = { authorization: `Bearer ${service.key}` }
  const job = () => ask(`/v1/jobs/${id}`, headers)
  const etag = (await fetch(`${service.url}/v1/jobs/${id}`, { headers })).headers.get('etag') ?? ''
  const unchanged = () => ask(`/v1/jobs/${id}`, { ...headers, 'if-none-match': etag })
  const floor = () => ask('/healthz', {})
  for (let i = 0; i < POLLS; i++) await job()
  console.log('| what | clients | answers/s | CPU of the API each, ms | p50, ms | p99, ms |\n|---|---|---|---|---|---|')
  for (const clients of [CLIENTS, 1]) {
    await measure({ what: '/healthz', clients, polls: POLLS, pauseMs: 0, poll: floor })
    await measure({ what: 'GET /v1/jobs/{job_id}', clients, polls: POLLS, pauseMs: 0, poll: job })
    await measure({ what: 'the same, 304', clients, polls: POLLS, pauseMs: 0, poll: unchanged })
  }
  await measure({ what: '/healthz, once a second', clients: 1, polls: SLOW_POLLS, pauseMs: 1000, poll: floor })
  await measure({ what: 'GET /v1/jobs/{job_id}, once a second', clients: 1, polls: SLOW_POLLS, pauseMs: 1000, poll: job })
} finally {
  agent.destroy()
  await service.stop()
}
