// Whether a process that was written down still runs. The number alone is not enough, since the system gives it to others later.

import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** In ticks since boot; null where the system does not tell. */
  readonly startedAt: number | null
}

export function identify(pid: number): ProcessIdentity | null {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it runs, and belongs to somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return null
  }
  const stat = readStat(pid)
  // A zombie has ended; only its parent has not asked yet.
  return stat?.state === 'Z' ? null : { pid, startedAt: stat?.startedAt ?? null }
}

export function isAlive({ pid, startedAt }: ProcessIdentity): boolean {
  const current = identify(pid)
  return current !== null && current.startedAt === startedAt
}

function readStat(pid: number): { state: string; startedAt: number } | null {
  try {
    // After the name in brackets (which may hold spaces): state is field 3, the start time field 22.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    return { state: fields[0] ?? '', startedAt: Number(fields[19]) }
  } catch {
    return null
  }
}
