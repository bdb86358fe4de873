// The environment, one schema per app. Nothing else reads process.env.

export { type ApiConfig, loadApiConfig } from './api-config.ts'
export { type DatabaseConfig, loadDatabaseConfig } from './database-config.ts'
export { ConfigError, type Environment } from './environment.ts'
export { type LocalConfig, loadLocalConfig } from './local-config.ts'
export { LOG_LEVELS } from './variables.ts'
export { loadWorkerConfig, type WorkerConfig } from './worker-config.ts'
