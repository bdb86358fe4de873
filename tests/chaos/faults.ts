// What goes wrong, one entry a kind. A fault ends by itself: when its promise resolves, nothing is broken any more that would not heal.

import { rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultProxy, ProxyMode } from '@trainyard/testkit'
import { Redis } from 'ioredis'
import { trainersOf } from '../../apps/worker/src/testing/process-state.ts'
import type { Choices } from './random.ts'
import { LEASE_TTL_MS, type Member, type Stack, type WorkerMember } from './stack.ts'

/** Decides all of its chances when it is called, so that a seed gives the same fault whatever happens meanwhile. */
type Fault = (stack: Stack, choices: Choices) => () => Promise<void>

/** Longer than a lease: whoever is stopped that long comes back as a zombie. */
const STOP_MS = [300, LEASE_TTL_MS + 2_000] as const
const NETWORK_MS = [300, LEASE_TTL_MS + 1_000] as const
const DISK_MS = [500, 3_000] as const
const DAY_MS = 24 * 3600 * 1000

const kill =
  (memberOf: (stack: Stack, choices: Choices) => Member, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Fault =>
  (stack, choices) => {
    const member = memberOf(stack, choices)
    return async () => void send(member.pid, signal)
  }

const stop =
  (memberOf: (stack: Stack, choices: Choices) => Member): Fault =>
  (stack, choices) => {
    const member = memberOf(stack, choices)
    const ms = choices.between(...STOP_MS)
    return async () => {
      const { pid } = member
      if (!send(pid, 'SIGSTOP')) return
      await sleep(ms)
      send(pid, 'SIGCONT')
    }
  }

const disturb =
  (proxyOf: (stack: Stack, choices: Choices) => FaultProxy, mode: Exclude<ProxyMode, 'pass'>): Fault =>
  (stack, choices) => {
    const proxy = proxyOf(stack, choices)
    const ms = choices.between(...NETWORK_MS)
    return async () => {
      proxy.mode = mode
      await sleep(ms)
      proxy.mode = 'pass'
    }
  }

const worker = (stack: Stack, choices: Choices): WorkerMember => choices.oneOf(stack.workers)

function redisOf({ redis }: Stack): NonNullable<Stack['redis']> {
  if (redis === null) throw new Error('this fault needs a queue in Redis')
  return redis
}

/** Of a worker that is chosen. */
function redisProxy(stack: Stack, choices: Choices): FaultProxy {
  const { redis } = worker(stack, choices)
  if (redis === null) throw new Error('this fault needs a queue in Redis')
  return redis
}

/** A trainer of a worker that is chosen; none when it has none. */
function trainer(stack: Stack, choices: Choices): Member {
  const owner = worker(stack, choices)
  return {
    get pid() {
      return owner.pid === undefined ? undefined : trainersOf(owner.pid)[0]
    },
  }
}

export const FAULTS = {
  kill_api: kill(({ api }) => api),
  kill_worker: kill(worker),
  kill_trainer: kill(trainer),
  kill_postgres: kill(({ postgres }) => postgres),
  kill_redis: kill(redisOf),
  term_worker: kill(worker, 'SIGTERM'),
  stop_api: stop(({ api }) => api),
  stop_worker: stop(worker),
  stop_trainer: stop(trainer),
  stop_postgres: stop(({ postgres }) => postgres),
  stop_redis: stop(redisOf),
  flush_redis: (stack) => async () => {
    const redis = new Redis(redisOf(stack).url, { maxRetriesPerRequest: 1, retryStrategy: () => null })
    redis.on('error', () => {})
    await redis.flushall().catch(() => {})
    redis.disconnect()
  },
  drop_replies_of_postgres_to_worker: disturb((stack, choices) => worker(stack, choices).postgres, 'drop_replies'),
  drop_replies_of_postgres_to_api: disturb(({ api }) => api.postgres, 'drop_replies'),
  drop_replies_of_redis: disturb(redisProxy, 'drop_replies'),
  drop_replies_of_api: disturb(({ http }) => http, 'drop_replies'),
  half_open_postgres_of_worker: disturb((stack, choices) => worker(stack, choices).postgres, 'half_open'),
  half_open_redis: disturb(redisProxy, 'half_open'),
  refused_postgres_of_worker: disturb((stack, choices) => worker(stack, choices).postgres, 'refuse'),
  refused_redis: disturb(redisProxy, 'refuse'),
  full_disk: (stack, choices) => {
    const ms = choices.between(...DISK_MS)
    return async () => {
      if (!stack.isSmallDisk) throw new Error('full_disk needs a file system of its own, which only root can mount')
      const filler = join(stack.directory, 'filler')
      const { bavail, bsize } = await statfs(stack.directory)
      // More than there is: the write ends where the space does.
      await writeFile(filler, Buffer.alloc(bavail * bsize + bsize)).catch(() => {})
      await sleep(ms)
      await rm(filler, { force: true })
    }
  },
  clock_shift: (stack, choices) => {
    const member = worker(stack, choices)
    const offset = choices.oneOf([-DAY_MS, DAY_MS])
    const ms = choices.between(...NETWORK_MS)
    return async () => {
      await member.shiftClock(offset)
      await sleep(ms)
      await member.shiftClock(0)
    }
  },
} as const satisfies Record<string, Fault>

export type FaultKind = keyof typeof FAULTS
const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[]

/** Kinds that a stack can have; with why others are left out. */
export function possibleFaults({ isSmallDisk, redis }: Stack): { readonly kinds: readonly FaultKind[]; readonly notes: readonly string[] } {
  const isPossible = (kind: FaultKind) => (kind !== 'full_disk' || isSmallDisk) && (redis !== null || !kind.includes('redis'))
  const notes = isSmallDisk ? [] : ['full_disk is left out: only root can mount a small file system for it']
  return { kinds: FAULT_KINDS.filter(isPossible), notes }
}

/** @throws Error for a name that is unknown */
export function readFaultKinds(names: string): readonly FaultKind[] {
  return names.split(',').map((name) => {
    const kind = FAULT_KINDS.find((known) => known === name)
    if (kind === undefined) throw new Error(`--kinds: "${name}" is unknown. Use some of ${FAULT_KINDS.join(', ')}.`)
    return kind
  })
}

/** @returns false when there is nobody to send to */
function send(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}
