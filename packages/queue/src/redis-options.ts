// How BullMQ's connections to Redis behave: every attempt and every command ends in time.

const CONNECT_TIMEOUT_MS = 5_000
const RETRY_DELAY_MS_MAX = 2_000
/** For an answer; a connection that is half open never gives one. Longer than BullMQ blocks in one command (10 s). */
const COMMAND_TIMEOUT_MS = 20_000

export interface RedisConnectionOptions {
  readonly host: string
  readonly port: number
  readonly db: number
  readonly username?: string
  readonly password?: string
  readonly tls?: object
  readonly connectTimeout: number
  readonly commandTimeout: number
  readonly retryStrategy: (attempt: number) => number
}

export function redisOptions(url: string): RedisConnectionOptions {
  const { protocol, hostname, port, pathname, username, password } = new URL(url)
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 6379 : Number(port),
    db: Number(pathname.slice(1)) || 0,
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, RETRY_DELAY_MS_MAX),
  }
}
