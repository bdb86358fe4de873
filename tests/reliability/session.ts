// The real stack for the tests of requirements: jobs over HTTP, what the tables say, and an undisturbed run to compare with.

import { setTimeout as sleep } from 'node:timers/promises'
import { fromWireId, type Job } from '@trainyard/contracts'
import type { FaultProxy, ProxyMode } from '@trainyard/testkit'
import { Redis } from 'ioredis'
import pg from 'pg'
import { type Outcome, outcomeOf } from '../chaos/oracle.ts'
import { Choices } from '../chaos/random.ts'
import { type QueueKind, type Stack, startStack } from '../chaos/stack.ts'
import { prepareWorkloads, type Workload } from '../chaos/workloads.ts'

const POLL_MS = 50
/** Long enough that no lease expires only because the machine is busy. */
export const LEASE_TTL_MS = 10_000

export interface RunRow {
  readonly id: string
  readonly state: string
  readonly lease_epoch: number
  readonly lease_owner: string | null
  readonly crash_count: number
  readonly lost_count: number
  readonly last_step: number
}

export class Session {
  readonly stack: Stack
  readonly #pool: pg.Pool
  readonly #workload: Workload
  #undisturbed: Outcome | null = null

  static async open(queue: QueueKind): Promise<Session> {
    const stack = await startStack(() => {}, { leaseTtlMs: LEASE_TTL_MS, queue })
    const [workload] = (await prepareWorkloads(stack, new Choices(1))).all
    if (workload === undefined) throw new Error('there is no workload')
    return new Session(stack, workload)
  }

  private constructor(stack: Stack, workload: Workload) {
    this.stack = stack
    this.#workload = workload
    this.#pool = new pg.Pool({ connectionString: stack.direct.databaseUrl, max: 4, connectionTimeoutMillis: 2000, query_timeout: 10_000 })
    this.#pool.on('error', () => {})
  }

  /** The body of a training that takes seconds; `changes` go into `training`. */
  body(changes: object = {}): object {
    const { training, ...rest } = this.#workload.body('requirement') as { training: object }
    return { ...rest, training: { ...training, ...changes } }
  }

  async fetch(
    method: string,
    path: string,
    body?: unknown,
    { url = this.stack.direct.url, headers = {}, timeoutMs = 60_000 } = {},
  ): Promise<Response> {
    return fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${this.stack.apiKey}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    })
  }

  /** Past all proxies; waits for an API that is being started again. */
  async request<T>(method: string, path: string, body?: unknown): Promise<T> {
    for (;;) {
      const response = await this.fetch(method, path, body).catch(() => null)
      if (response?.ok === true) return (await response.json()) as T
      if (response !== null && response.status < 500) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
      await sleep(POLL_MS)
    }
  }

  submit(changes: object = {}): Promise<Job> {
    return this.request<Job>('POST', '/v1/jobs', this.body(changes))
  }

  async waitForEnd(id: string): Promise<Job> {
    return this.#wait(async () => {
      const job = await this.request<Job>('GET', `/v1/jobs/${id}`)
      return job.terminal ? job : null
    })
  }

  /** Rows of a job's runs, or null while the database cannot be asked. */
  async run(jobId: string): Promise<RunRow | null> {
    const text = `SELECT id, state, lease_epoch, lease_owner, crash_count, lost_count, last_step::int AS last_step FROM runs WHERE job_id = $1`
    const result = await this.#pool.query<RunRow>(text, [fromWireId('job', jobId)]).catch(() => null)
    return result?.rows[0] ?? null
  }

  /** Until it is in the middle: it has stored a checkpoint and goes on. */
  async waitForStep(jobId: string, step: number): Promise<RunRow> {
    return this.#wait(async () => {
      const run = await this.run(jobId)
      return run !== null && run.state === 'running' && run.last_step >= step ? run : null
    })
  }

  async outcomes(jobId: string): Promise<string[]> {
    const text = 'SELECT a.outcome FROM attempts a JOIN runs r ON r.id = a.run_id WHERE r.job_id = $1 ORDER BY a.lease_epoch'
    return (await this.#pool.query<{ outcome: string }>(text, [fromWireId('job', jobId)])).rows.map(({ outcome }) => outcome)
  }

  /** Whether final weights and every point of every curve are those of an undisturbed run, bit by bit. @returns null, or what differs */
  async difference(jobId: string): Promise<string | null> {
    this.#undisturbed ??= await this.#runUndisturbed()
    const { finalSha256, points } = await outcomeOf(this.#pool, fromWireId('job', jobId) ?? '')
    if (finalSha256 !== this.#undisturbed.finalSha256) return `the weights are ${finalSha256}, not ${this.#undisturbed.finalSha256}`
    const keys = new Set([...points.keys(), ...this.#undisturbed.points.keys()])
    const differing = [...keys].filter((key) => points.get(key) !== this.#undisturbed?.points.get(key))
    return differing.length === 0 ? null : `${differing.length} points differ: ${differing.slice(0, 3)}`
  }

  /** Every worker's way to PostgreSQL or to Redis. */
  setMode(part: 'postgres' | 'redis', mode: ProxyMode): void {
    for (const worker of this.stack.workers) if (worker[part] !== null) worker[part].mode = mode
  }

  /** Ends every fault of a network. */
  heal(): void {
    const { http, api } = this.stack
    const proxies: (FaultProxy | null)[] = [http, api.postgres, ...this.stack.workers.flatMap(({ postgres, redis }) => [postgres, redis])]
    for (const proxy of proxies) if (proxy !== null && proxy.mode !== 'pass') proxy.mode = 'pass'
  }

  /** The queue loses all that it has. */
  async loseMessages(): Promise<void> {
    const { redis } = this.stack
    if (redis === null) {
      await this.#pool.query('DELETE FROM bullmq.job')
      return
    }
    const client = new Redis(redis.url)
    await client.flushall()
    client.disconnect()
  }

  /** SHA-256 of the final checkpoint. */
  async finalWeights(jobId: string): Promise<string> {
    return (await outcomeOf(this.#pool, fromWireId('job', jobId) ?? '')).finalSha256
  }

  async count(text: string): Promise<number> {
    return Number((await this.#pool.query<{ count: string }>(text)).rows[0]?.count)
  }

  async close(): Promise<void> {
    await this.#pool.end().catch(() => {})
    await this.stack.stop()
  }

  async #runUndisturbed(): Promise<Outcome> {
    const { id } = await this.submit()
    const job = await this.waitForEnd(id)
    if (job.state !== 'succeeded') throw new Error(`the undisturbed run ${job.state}: ${job.failure?.message}`)
    return outcomeOf(this.#pool, fromWireId('job', id) ?? '')
  }

  async #wait<T>(look: () => Promise<T | null>): Promise<T> {
    for (;;) {
      const seen = await look()
      if (seen !== null) return seen
      await sleep(POLL_MS)
    }
  }
}
