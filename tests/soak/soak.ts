// Many runs of every kind on the real stack, and after each cycle of them a look at what should not grow.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Checkpoint, Dataset, DatasetVersion, Job } from '@trainyard/contracts'
import { Redis } from 'ioredis'
import pg from 'pg'
import { type QueueKind, type Stack, startStack } from '../chaos/stack.ts'
import { jobIdOf, type Submitted } from '../chaos/workloads.ts'
import { type GaugeSources, readGauges } from './gauges.ts'
import { GAUGE_NAMES, type GaugeName, type Judgement, judge, type Sample } from './verdict.ts'

const PROBE = new URL('heap-probe.mjs', import.meta.url).href
/** Compiled code: one directory for each user of the machine. */
const COMPILED = join(tmpdir(), `tsx-${process.geteuid?.() ?? ''}`)
const LEASE_TTL_MS = 30_000
const POLL_MS = 50
/** Before the first sample that counts: pools fill up, code is compiled. */
const WARM_UP_CYCLES = 2

/** What may be left behind on purpose, to see that it is noticed: by the processes themselves, and by us in their place. */
export const PLANTS = ['descriptors', 'heap', 'rss', 'keys', 'temporary_files', 'orphan_files'] as const
export type Plant = (typeof PLANTS)[number]

export interface SoakOptions {
  readonly queue: QueueKind
  /** Cycles that count; at least four. */
  readonly cycles: number
  /** Default 2. */
  readonly warmUpCycles?: number
  /** Default: all kinds of runs, one of each in a cycle. */
  readonly kinds?: readonly SoakKind[]
  readonly plants?: readonly Plant[]
  readonly log?: (line: string) => void
}

export interface SoakReport {
  readonly queue: QueueKind
  readonly runs: number
  readonly seconds: number
  readonly isFlat: boolean
  readonly gauges: Readonly<Record<GaugeName, Judgement>>
  readonly samples: readonly Sample[]
}

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { queue, cycles, warmUpCycles = WARM_UP_CYCLES, kinds = SOAK_KINDS, plants = [], log = () => {} } = options
  const begun = performance.now()
  const temporary = mkdtempSync(join(tmpdir(), 'trainyard-soak-'))
  mkdirSync(COMPILED, { recursive: true })
  symlinkSync(COMPILED, join(temporary, basename(COMPILED)))
  const environment = { TMPDIR: temporary, SOAK_DIRECTORY: temporary, SOAK_PLANT: plants.join(','), NODE_OPTIONS: `--import=${PROBE}` }
  const stack = await startStack(log, { queue, leaseTtlMs: LEASE_TTL_MS, workers: 1, environmentOf: () => environment })
  const pool = new pg.Pool({ connectionString: stack.direct.databaseUrl, max: 1 })
  const sources: GaugeSources = { stack, pool, temporary, ignored: basename(COMPILED) }
  try {
    const client = await SoakClient.open(stack)
    const samples: Sample[] = []
    let runs = 0
    for (let cycle = 0; cycle < warmUpCycles + cycles; cycle++) {
      for (const kind of kinds) {
        await KINDS[kind](client)
        runs++
      }
      await plant(sources, plants, cycle)
      const values = await readGauges(sources)
      if (cycle >= warmUpCycles) samples.push({ runs, values })
      log(`${runs} runs: ${GAUGE_NAMES.map((name) => `${name} ${values[name]}`).join(', ')}`)
    }
    const gauges = judge(samples)
    const isFlat = GAUGE_NAMES.every((name) => gauges[name].isFlat)
    return { queue, runs, seconds: (performance.now() - begun) / 1000, isFlat, gauges, samples }
  } finally {
    await pool.end()
    await stack.stop()
    rmSync(temporary, { recursive: true, force: true })
  }
}

/** Those that the processes do not leave themselves. */
async function plant({ stack, temporary }: GaugeSources, plants: readonly Plant[], cycle: number): Promise<void> {
  if (plants.includes('temporary_files')) writeFileSync(join(temporary, `planted-${cycle}`), '')
  if (plants.includes('orphan_files')) {
    const directory = join(stack.directory, 'storage/checkpoints')
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, `planted-${cycle}`), '')
  }
  if (plants.includes('keys') && stack.redis !== null) {
    const redis = new Redis(stack.redis.url)
    await redis.set(`planted-${cycle}`, '')
    redis.disconnect()
  }
}

/** Each brings one run to its end. */
const KINDS = {
  import: (client) => client.import('side', 'succeeded'),
  import_refused: (client) => client.import('nothing', 'failed'),
  training: async (client) => {
    await client.train({ epochs: 60, checkpoint: { every_epochs: 10 }, early_stopping: { patience: 50 } }, 'succeeded')
  },
  cancelled_training: async (client) => {
    const job = await client.submit<Job>('/v1/jobs', client.training({ epochs: 1_000_000, checkpoint: { every_seconds: 0.2 } }))
    await client.waitFor(job.id, ({ state }) => state === 'running')
    await client.submit<Job>(`/v1/jobs/${job.id}/cancel`, {})
    await client.expectEnd(job.id, 'cancelled')
  },
  evaluation: (client) => client.evaluate(),
  prediction: (client) => client.predict(),
  verification: (client) => client.verify(),
} as const satisfies Record<string, (client: SoakClient) => Promise<void>>

export type SoakKind = keyof typeof KINDS
const SOAK_KINDS = Object.keys(KINDS) as readonly SoakKind[]

/** Every request on a connection of its own, so that none is open when descriptors are counted. */
class SoakClient {
  readonly #stack: Stack
  #datasetId = ''
  #versionId = ''
  #checkpointId = ''
  #runId = ''

  static async open(stack: Stack): Promise<SoakClient> {
    const client = new SoakClient(stack)
    stack.source.content = `x,y,side\n${Array.from({ length: 120 }, (_, i) => `${Math.sin(i)},${Math.cos(i * i)},${i % 2}`).join('\n')}\n`
    client.#datasetId = (await client.submit<Dataset>('/v1/datasets', { name: 'soak' })).id
    await client.import('side', 'succeeded')
    const job = await client.train({ epochs: 20, checkpoint: { every_epochs: 5 } }, 'succeeded')
    client.#runId = job.run_ids[0] ?? ''
    const { data } = await client.get<{ data: Checkpoint[] }>(`/v1/checkpoints?run_id=${client.#runId}`)
    client.#checkpointId = data[0]?.id ?? ''
    return client
  }

  private constructor(stack: Stack) {
    this.#stack = stack
  }

  training(changes: object): object {
    const layers = [{ type: 'dense', units: 16 }, { type: 'relu' }, { type: 'dense', units: 2 }]
    return {
      kind: 'train',
      dataset: this.#versionId,
      model: { version: 1, input: { shape: [2] }, layers },
      training: { batch_size: 20, seed: 7, ...changes },
    }
  }

  async train(changes: object, state: Job['state']): Promise<Job> {
    const job = await this.submit<Job>('/v1/jobs', this.training(changes))
    await this.get(`/v1/runs/${job.run_ids[0]}/metrics`)
    return await this.expectEnd(job.id, state)
  }

  async import(target: string, state: Job['state']): Promise<void> {
    const options = { target, target_kind: 'class', test_fraction: 0.2 }
    const sources = { file: { url: this.#stack.source.url } }
    const version = await this.submit<DatasetVersion>(`/v1/datasets/${this.#datasetId}/versions/import`, { sources, options })
    await this.expectEnd(version.job_id ?? '', state)
    if (state === 'succeeded') this.#versionId = version.id
  }

  async evaluate(): Promise<void> {
    const body = { kind: 'evaluate', checkpoint_id: this.#checkpointId, dataset: this.#versionId }
    await this.expectEnd((await this.submit<Job>('/v1/jobs', body)).id, 'succeeded')
  }

  async predict(): Promise<void> {
    // A job instead of the prediction where that is not there soon.
    const answer = await this.submit<Submitted>(`/v1/checkpoints/${this.#checkpointId}/predict`, { inputs: [[0.5, -0.5]] })
    await this.expectEnd(jobIdOf(answer), 'succeeded')
  }

  async verify(): Promise<void> {
    await this.expectEnd((await this.submit<Job>(`/v1/runs/${this.#runId}/verify`, {})).id, 'succeeded')
  }

  async waitFor(id: string, condition: (job: Job) => boolean): Promise<Job> {
    for (;;) {
      const job = await this.get<Job>(`/v1/jobs/${id}`)
      if (condition(job) || job.terminal) return job
      await sleep(POLL_MS)
    }
  }

  async expectEnd(id: string, state: Job['state']): Promise<Job> {
    const job = await this.waitFor(id, ({ terminal }) => terminal)
    if (job.state !== state) throw new Error(`job ${id} is ${job.state}, not ${state}: ${JSON.stringify(job.failure)}`)
    return job
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', path)
  }

  submit<T>(path: string, body: object): Promise<T> {
    return this.#call<T>('POST', path, body)
  }

  #call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers = { authorization: `Bearer ${this.#stack.apiKey}`, 'content-type': 'application/json', connection: 'close' }
    return new Promise((resolve, reject) => {
      const request = httpRequest(this.#stack.direct.url + path, { method, headers, agent: false }, async (response) => {
        let text = ''
        for await (const chunk of response.setEncoding('utf8')) text += chunk
        if ((response.statusCode ?? 500) < 400) resolve(JSON.parse(text) as T)
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`))
      })
      request.on('error', reject)
      request.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
}
