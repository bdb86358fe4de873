// Clients of the service while it is disturbed: they submit, poll, read metrics and cancel, repeat what was not answered with the same
// idempotency key, and remember every answer.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Job, Metrics, WireNumber } from '@trainyard/contracts'
import { Choices } from './random.ts'
import type { Stack } from './stack.ts'
import { jobIdOf, type Submitted, type Workload } from './workloads.ts'

/** What a client was told and may rely on. */
export interface Acknowledged {
  readonly jobId: string
  /** Unique: the idempotency key, and the job's name where it can have one. */
  readonly name: string
  readonly workload: string
  /** The request to cancel was accepted while the job was not at its end. */
  cancelled: boolean
  /** The end that a client was shown; it must never change. */
  terminalState: Job['state'] | null
  /** Points of curves that a client was shown: series → step → value. */
  readonly points: Map<string, Map<number, WireNumber>>
}

export interface Clients {
  /** Every idempotency key that was sent, answered or not. */
  readonly attempted: ReadonlySet<string>
  readonly acknowledged: readonly Acknowledged[]
  /** Answers that a client should never see, whatever is broken: 4xx to a correct request. */
  readonly refusals: readonly string[]
  /** Nothing new is submitted; resolves when every job that was acknowledged has ended, or the time is over. */
  finish(timeoutMs: number): Promise<void>
}

const REQUEST_TIMEOUT_MS = 3_000
const PAUSE_MS = 100
const POLL_MS = 150
/** Of the jobs that are cancelled while they wait, and of those that are cancelled while they run. */
const CANCEL_WAITING_SHARE = 0.1
const CANCEL_RUNNING_SHARE = 0.25
/** Since the job was seen waiting or running. */
const CANCEL_AFTER_MS_MAX = 1_000
const ALL_POINTS = 10_000

interface Cancellation {
  /** Begins to count when the job is seen in it. */
  readonly state: 'queued' | 'running'
  readonly afterMs: number
}

function chooseCancellation(choices: Choices): Cancellation | null {
  const chance = choices.between(0, 1)
  const afterMs = choices.between(0, CANCEL_AFTER_MS_MAX)
  if (chance < CANCEL_WAITING_SHARE) return { state: 'queued', afterMs: 0 }
  return chance < CANCEL_WAITING_SHARE + CANCEL_RUNNING_SHARE ? { state: 'running', afterMs } : null
}

export function startClients(stack: Stack, workloads: readonly Workload[], { count, seed }: { count: number; seed: number }): Clients {
  const attempted = new Set<string>()
  const acknowledged: Acknowledged[] = []
  const refusals: string[] = []
  const deadline = { at: Number.POSITIVE_INFINITY }
  let isFinishing = false

  /** Repeats until somebody answers with other than a failure of the service. @returns null when the time is over */
  async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T | null> {
    while (performance.now() < deadline.at) {
      try {
        const response = await fetch(stack.url + path, {
          method,
          headers: { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json', ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        })
        if (response.ok) return (await response.json()) as T
        // 409: the first attempt with this key is still being worked on.
        if (response.status < 500 && response.status !== 409 && response.status !== 429) {
          refusals.push(`${method} ${path}: ${response.status} ${await response.text()}`)
          return null
        }
        await response.body?.cancel()
      } catch {
        // No answer: what was asked may or may not have happened.
      }
      await sleep(PAUSE_MS)
    }
    return null
  }

  async function followJob(job: Acknowledged, cancellation: Cancellation | null): Promise<void> {
    let dueAt = Number.POSITIVE_INFINITY
    let runId: string | undefined
    while (performance.now() < deadline.at) {
      const seen = await call<Job>('GET', `/v1/jobs/${job.jobId}`)
      if (seen === null) return
      runId ??= seen.run_ids[0]
      if (runId !== undefined) await readPoints(job, runId)
      if (seen.terminal) {
        job.terminalState = seen.state
        return
      }
      if (cancellation !== null && seen.state === cancellation.state) dueAt = Math.min(dueAt, performance.now() + cancellation.afterMs)
      if (!job.cancelled && performance.now() >= dueAt) {
        const answer = await call<Job>('POST', `/v1/jobs/${job.jobId}/cancel`)
        job.cancelled = answer?.cancel_requested === true && answer.state !== 'succeeded'
      }
      await sleep(POLL_MS)
    }
  }

  async function readPoints(job: Acknowledged, runId: string): Promise<void> {
    const newest = [...job.points.values()].map((points) => Math.max(...points.keys()))
    const after = newest.length === 0 ? '' : `&after_step=${Math.min(...newest)}`
    const metrics = await call<Metrics>('GET', `/v1/runs/${runId}/metrics?max_points=${ALL_POINTS}${after}`)
    for (const { name, points } of metrics?.series ?? []) {
      const known = job.points.get(name) ?? new Map()
      for (const { step, value } of points) known.set(step, value)
      if (known.size > 0) job.points.set(name, known)
    }
  }

  async function client(index: number): Promise<void> {
    const choices = new Choices(seed * 1000 + index)
    for (let i = 0; !isFinishing; i++) {
      const workload = choices.oneOf(workloads)
      const name = `chaos-${seed}-${index}-${i}`
      const cancellation = chooseCancellation(choices)
      attempted.add(name)
      const answer = await call<Submitted>('POST', workload.path, workload.body(name), { 'idempotency-key': name })
      if (answer === null) continue
      const entry: Acknowledged = {
        jobId: jobIdOf(answer),
        name,
        workload: workload.name,
        cancelled: false,
        terminalState: null,
        points: new Map(),
      }
      acknowledged.push(entry)
      await followJob(entry, cancellation)
    }
  }

  const all = Promise.all(Array.from({ length: count }, (_, i) => client(i)))
  return {
    attempted,
    acknowledged,
    refusals,
    finish: async (timeoutMs) => {
      isFinishing = true
      deadline.at = performance.now() + timeoutMs
      await all
    },
  }
}
