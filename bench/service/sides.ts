// The two sides that are compared: the loop of a training in a process of its own, and a run through the service.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Run } from '@trainyard/contracts'
import { decodeCheckpoint } from '@trainyard/engine/train'
import { trainerEnvironment } from '../../apps/worker/src/supervisor/trainer-environment.ts'
import type { Service } from '../../tests/e2e/service.ts'
import { type BareJob, type BareResult, bareResultSchema } from './job.ts'
import { digestOfWeights } from './weights.ts'

const BARE = new URL('./bare.ts', import.meta.url).pathname
/** As a client polls that does not wait for each step. */
const POLL_MS = 1000
const POLL_MS_BEFORE = 20

export class BareLoop {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  /** @returns with model and data opened */
  static async open(job: BareJob, path: string): Promise<BareLoop> {
    writeFileSync(path, JSON.stringify(job))
    const inherited = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '' }
    const child = spawn(process.execPath, ['--import', 'tsx', BARE, path], {
      env: trainerEnvironment(inherited, job.threads),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const loop = new BareLoop(child, createInterface({ input: child.stdout })[Symbol.asyncIterator]())
    await loop.#line()
    return loop
  }

  private constructor(child: ChildProcess, lines: AsyncIterator<string>) {
    this.#child = child
    this.#lines = lines
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async run(): Promise<BareResult> {
    const exited = once(this.#child, 'exit')
    this.#child.stdin?.end('\n')
    const result = bareResultSchema.parse(JSON.parse(await this.#line()))
    await exited
    return result
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the bare loop ended without a result: its error is above')
    return value
  }
}

export class ServiceRun {
  readonly #service: Service
  readonly #id: string
  readonly submittedAt: number
  /** Milliseconds of Date: its first steps were seen. */
  readonly begunAt: number
  readonly stepsBefore: number

  /** @returns when it has begun */
  static async open(service: Service, submission: unknown): Promise<ServiceRun> {
    const submittedAt = Date.now()
    const { id } = await service.request<Job>('POST', '/v1/jobs', submission)
    for (;;) {
      const { progress } = await service.request<Job>('GET', `/v1/jobs/${id}`)
      if (progress.step > 0) return new ServiceRun(service, id, submittedAt, progress.step)
      await sleep(POLL_MS_BEFORE)
    }
  }

  private constructor(service: Service, id: string, submittedAt: number, stepsBefore: number) {
    this.#service = service
    this.#id = id
    this.submittedAt = submittedAt
    this.begunAt = Date.now()
    this.stepsBefore = stepsBefore
  }

  async end(): Promise<{ readonly finishedAt: number; readonly weights: string }> {
    const { request, waitForJob, download } = this.#service
    const { run_ids: runIds } = await waitForJob<Job>(this.#id, POLL_MS)
    const run = await request<Run>('GET', `/v1/runs/${runIds[0]}`)
    if (run.finished_at === null || run.checkpoint_id === null) throw new Error(`the run has no result: ${JSON.stringify(run.failure)}`)
    const { state } = decodeCheckpoint(await download(`/v1/checkpoints/${run.checkpoint_id}/download`))
    return { finishedAt: Date.parse(run.finished_at), weights: digestOfWeights(state) }
  }
}
