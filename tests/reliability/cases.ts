// What the requirements ask of a service on either backend of the queue: each injects its fault into running trainings and asks the oracle
// afterwards.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Job } from '@trainyard/contracts'
import { expect } from 'vitest'
import { LEASE_TTL_MS, type Session } from './session.ts'

/** Enough steps to be in the middle of, with a checkpoint behind. */
const MIDDLE = 4000
const EXIT_MS_MAX = 20_000

export async function startInTheMiddle(session: Session): Promise<Job> {
  const job = await session.submit()
  await session.waitForStep(job.id, MIDDLE)
  return job
}

export async function expectUndisturbed(session: Session, job: Job): Promise<void> {
  expect((await session.waitForEnd(job.id)).state).toBe('succeeded')
  expect(await session.difference(job.id)).toBeNull()
}

export async function loseMessages(session: Session): Promise<void> {
  const jobs = [await startInTheMiddle(session), ...(await Promise.all(Array.from({ length: 5 }, () => session.submit())))]
  for (let i = 0; i < 3; i++) {
    await session.loseMessages()
    await sleep(200)
  }
  for (const job of jobs) await expectUndisturbed(session, job)
}

export async function killPostgres(session: Session): Promise<void> {
  const job = await startInTheMiddle(session)
  const submitted: string[] = []
  for (let i = 0; i < 3; i++) {
    submitted.push((await session.submit({ epochs: 1 })).id)
    process.kill(session.stack.postgres.pid ?? 0, 'SIGKILL')
    await sleep(1000)
  }
  for (const id of submitted) expect((await session.waitForEnd(id)).state).toBe('succeeded')
  await expectUndisturbed(session, job)
}

export async function dropReplies(session: Session): Promise<void> {
  const job = await startInTheMiddle(session)
  for (let i = 0; i < 8; i++) {
    session.setMode('postgres', 'drop_replies')
    await sleep(60 + 40 * i)
    session.setMode('postgres', 'pass')
    await sleep(300)
  }
  await expectUndisturbed(session, job)
}

export async function partition(session: Session): Promise<void> {
  const job = await startInTheMiddle(session)
  session.setMode('postgres', 'half_open')
  // Longer than the lease: whoever had the run must have let it go.
  await sleep(LEASE_TTL_MS + 1000)
  session.setMode('postgres', 'pass')
  await expectUndisturbed(session, job)
  expect((await session.outcomes(job.id)).at(0)).toBe('lease_lost')
}

export async function terminate(session: Session): Promise<void> {
  // As many as train at once, and longer than the others, so that all are in the middle.
  const jobs = await Promise.all(session.stack.workers.map(() => session.submit({ epochs: 20_000 })))
  await Promise.all(jobs.map(({ id }) => session.waitForStep(id, 200)))
  const pids = session.stack.workers.map(({ pid }) => pid ?? 0)
  const begun = performance.now()
  for (const pid of pids) process.kill(pid, 'SIGTERM')
  while (session.stack.workers.some(({ pid }) => pid === undefined || pids.includes(pid))) await sleep(50)
  expect(performance.now() - begun).toBeLessThan(EXIT_MS_MAX)
  const ended = await Promise.all(jobs.map(({ id }) => session.waitForEnd(id)))
  expect(ended.map(({ state }) => state)).toEqual(jobs.map(() => 'succeeded'))
  // Stopped at different steps, they come to the same weights.
  expect(new Set(await Promise.all(jobs.map(({ id }) => session.finalWeights(id)))).size).toBe(1)
  for (const job of jobs) {
    const run = await session.run(job.id)
    expect(run?.crash_count).toBe(0)
    expect(await session.outcomes(job.id)).toEqual(['preempted', 'succeeded'])
    // The second attempt began where the first had stopped.
    expect(
      await session.count(
        `SELECT b.first_step - a.last_step AS count FROM attempts a JOIN attempts b ON b.run_id = a.run_id
         WHERE a.lease_epoch = 1 AND b.lease_epoch = 2 AND a.run_id = '${run?.id}'`,
      ),
    ).toBe(0)
  }
}
