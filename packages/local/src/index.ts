// PostgreSQL, Redis and storage without set-up.

export { type LocalServices, type LocalServicesOptions, startLocalServices } from './local-services.ts'
export { ensureDatabase, type PostgresServer, startPostgres } from './postgres/server.ts'
export type { Log } from './process/log.ts'
export { isRedisInstalled, type RedisServer, startRedis } from './redis.ts'
