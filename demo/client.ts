// The API as the demo's user sees it: fetch, and nothing else.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Problem, Run } from '@trainyard/contracts'

/** Milliseconds between two looks at a job. */
const POLL_MS = 250

export class ApiError extends Error {
  constructor(
    readonly request: string,
    readonly status: number,
    problem: Partial<Problem>,
  ) {
    const mistakes = (problem.errors ?? []).map(({ path, message, hint }) => `\n  ${path}: ${message} ${hint}`)
    super(`${request}: ${status} ${problem.detail ?? problem.title ?? ''} ${problem.hint ?? ''}${mistakes.join('')}`)
  }
}

export class Client {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.#call('GET', path, {})
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#call('POST', path, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
  }

  upload<T>(path: string, form: FormData): Promise<T> {
    return this.#call('POST', path, { body: form })
  }

  /** Polls a job to its end. @throws Error when it does not succeed */
  async waitForJob(id: string, watch: (job: Job) => void = () => {}): Promise<Job> {
    for (;;) {
      const job = await this.get<Job>(`/v1/jobs/${id}`)
      watch(job)
      if (job.terminal) {
        if (job.state === 'succeeded') return job
        const issues = (job.failure?.issues ?? []).map(({ path, message }) => `\n  ${path}: ${message}`)
        throw new Error(`job ${id} ended ${job.state}: ${job.failure?.message ?? ''} ${job.failure?.hint ?? ''}${issues.join('')}`)
      }
      await sleep(POLL_MS)
    }
  }

  async runOf(job: Job): Promise<Run> {
    const [id] = job.run_ids
    if (id === undefined) throw new Error(`job ${job.id} has no run`)
    return await this.get<Run>(`/v1/runs/${id}`)
  }

  async #call<T>(method: string, path: string, init: RequestInit): Promise<T> {
    const headers = { authorization: `Bearer ${this.key}`, ...init.headers }
    const response = await fetch(this.url + path, { ...init, method, headers })
    const body: unknown = await response.json().catch(() => ({}))
    if (!response.ok) throw new ApiError(`${method} ${path}`, response.status, body as Partial<Problem>)
    return body as T
  }
}
