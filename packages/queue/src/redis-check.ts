// Redis must neither forget under memory pressure (noeviction) nor across a restart (append-only file): both lose messages without an
// error. PostgreSQL would recover, only late; so the service refuses to start instead.

import { TrainyardError } from '@trainyard/errors'
import { Redis } from 'ioredis'

const CONNECT_TIMEOUT_MS = 5_000

/** @throws TrainyardError unavailable, with one issue per setting that is wrong. */
export async function checkRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  // The rejection only says that the connection is closed; the reason comes as an event.
  let cause: unknown
  redis.on('error', (error: Error) => {
    cause = error
  })
  try {
    await redis.connect()
    // INFO and not CONFIG, which managed Redis services forbid.
    judge(await redis.info('memory'), await redis.info('persistence'))
  } catch (error) {
    if (error instanceof TrainyardError) throw error
    cause ??= error
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TrainyardError('unavailable', {
      detail: `Redis at ${withoutPassword(url)} does not answer: ${reason}`,
      hint: 'Start Redis, correct REDIS_URL, or unset it to use PostgreSQL for the queue.',
      cause,
    })
  } finally {
    redis.disconnect()
  }
}

function judge(memory: string, persistence: string): void {
  const policy = field(memory, 'maxmemory_policy')
  const aof = field(persistence, 'aof_enabled')
  const issues = []
  if (policy !== 'noeviction') {
    issues.push({
      path: 'maxmemory-policy',
      code: 'redis_evicts',
      message: `Redis evicts keys when its memory is full (maxmemory-policy is ${policy}): messages would disappear. Expected noeviction.`,
      hint: 'Set maxmemory-policy to noeviction.',
    })
  }
  if (aof !== '1') {
    issues.push({
      path: 'appendonly',
      code: 'redis_forgets',
      message: 'Redis keeps no append-only file: messages would be lost when it restarts. Expected appendonly yes.',
      hint: 'Set appendonly to yes, with appendfsync everysec.',
    })
  }
  if (issues.length > 0) {
    throw new TrainyardError('unavailable', {
      detail: `Redis has settings that lose messages: ${issues.map((issue) => issue.message).join(' ')}`,
      hint: issues.map((issue) => issue.hint).join(' '),
      issues,
    })
  }
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? 'unknown'
}

function withoutPassword(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
