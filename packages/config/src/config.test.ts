import { describe, expect, it } from 'vitest'
import { ConfigError, loadApiConfig, loadLocalConfig, loadWorkerConfig } from './index.ts'

const complete = { DATABASE_URL: 'postgresql://u:secret@db/trainyard', STORAGE_URL: 'file:///srv/trainyard' }

function mistakesOf(load: () => unknown): ConfigError {
  try {
    load()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('the environment was accepted')
}

describe('the environment', () => {
  it('needs a database and a storage, and fills in the rest', () => {
    expect(loadApiConfig(complete)).toMatchObject({ redisUrl: null, host: '127.0.0.1', port: 8080, logLevel: 'info' })
    expect(loadWorkerConfig({ ...complete, ENGINE_THREADS: '2' })).toMatchObject({ concurrency: 1, engineThreads: 2 })
  })

  it('reports every mistake at once, each with what was expected', () => {
    const { issues } = mistakesOf(() => loadApiConfig({ STORAGE_URL: 'ftp://x', PORT: '80a', LOG_LEVEL: 'loud' }))
    expect(issues.map(({ path, code }) => [path, code])).toEqual([
      ['DATABASE_URL', 'missing'],
      ['STORAGE_URL', 'invalid'],
      ['PORT', 'invalid'],
      ['LOG_LEVEL', 'invalid'],
    ])
    expect(issues[2]).toMatchObject({ message: '"80a" (not a whole number)', hint: 'Expected: a port from 0 (any free one) to 65535' })
  })

  it('shows no password', () => {
    const error = mistakesOf(() => loadApiConfig({ ...complete, DATABASE_URL: 'mysql://u:secret@db/x' }))
    expect(error.message).toContain('DATABASE_URL')
    expect(error.message).not.toContain('secret')
  })

  it('takes an empty variable as unset, as docker compose passes it', () => {
    expect(loadApiConfig({ ...complete, REDIS_URL: '', PORT: '' })).toMatchObject({ redisUrl: null, port: 8080 })
  })

  it('needs nothing for the local service, and passes its environment on with changes', () => {
    const { databaseUrl, childEnvironment } = loadLocalConfig({ PATH: '/bin', PORT: '0' })
    expect(databaseUrl).toBeNull()
    expect(childEnvironment({ PORT: '8081' })).toEqual({ PATH: '/bin', PORT: '8081' })
  })
})
