// PostgreSQL, Redis and storage without set-up, and the whole service on top of them.

export { type LocalServices, type LocalServicesOptions, startLocalServices } from './local-services.ts'
export { ensureDatabase, type PostgresServer, startPostgres } from './postgres/server.ts'
export { dieWithParent } from './process/die-with-parent.ts'
export { freePort } from './process/free-port.ts'
export type { Log } from './process/log.ts'
export { type Supervised, supervise } from './process/supervise.ts'
export { isRedisInstalled, type RedisServer, startRedis } from './redis.ts'
export { runOperatorCommand } from './service/operator-command.ts'
export { findService, type ServiceRecord } from './service/record.ts'
export { type Service, startService } from './service/start-service.ts'
