// The application on a real database and real storage, with two projects, for the tests of this app.

import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { toWireId } from '@trainyard/contracts'
import { apiKeys, createDatabase, type Database, projects } from '@trainyard/database'
import { type ObjectStorage, openStorage } from '@trainyard/storage'
import { startTestServices } from '@trainyard/testkit'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { buildApp } from '../app.ts'
import { type ApiLimits, DEFAULT_LIMITS } from '../deps.ts'
import { type Method, SCOPES } from '../http/route.ts'
import { createJobCompletions } from '../modules/jobs/job-completions.ts'

export interface TestProject {
  readonly id: string
  readonly wireId: string
  readonly key: string
}

export interface TestApi {
  readonly app: FastifyInstance
  readonly database: Database
  readonly storage: ObjectStorage
  readonly databaseUrl: string
  readonly storageUrl: string
  /** Whose key `request` sends. */
  readonly project: TestProject
  readonly other: TestProject
  request(method: Method, url: string, body?: unknown, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  createKey(projectId: string, options?: { scopes?: readonly string[]; expiresAt?: Date }): Promise<{ id: string; key: string }>
  /** Rows of every table, to show that nothing has changed. */
  countRows(): Promise<Record<string, number>>
  /** Files in the storage directory. */
  listFiles(): Promise<string[]>
  stop(): Promise<void>
}

export async function startTestApi(limits: Partial<ApiLimits> = {}): Promise<TestApi> {
  const services = await startTestServices({ redis: false })
  const database = createDatabase({ url: services.databaseUrl })
  const storage = openStorage(services.storageUrl)
  const completions = createJobCompletions(services.databaseUrl)
  const app = await buildApp({
    database,
    storage,
    completions,
    importPolicy: { allowedHosts: [] },
    limits: { ...DEFAULT_LIMITS, requestsPerWindow: 1_000_000, ...limits },
  })
  const createKey: TestApi['createKey'] = async (projectId, { scopes = SCOPES, expiresAt = null as Date | null } = {}) => {
    const { record, key } = await database.asWorker((tx) => apiKeys.create(tx, { projectId, name: 'test', scopes, expiresAt }))
    return { id: record.id, key }
  }
  const createProject = async (name: string): Promise<TestProject> => {
    const { id } = await database.asWorker((tx) => projects.create(tx, { name }))
    return { id, wireId: toWireId('project', id), key: (await createKey(id)).key }
  }
  const project = await createProject('ours')
  const other = await createProject('theirs')
  return {
    app,
    database,
    storage,
    databaseUrl: services.databaseUrl,
    storageUrl: services.storageUrl,
    project,
    other,
    request: (method, url, body, headers = {}) =>
      app.inject({
        method,
        url,
        headers: {
          authorization: `Bearer ${project.key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    createKey,
    countRows: () => countRows(database),
    listFiles: async () => {
      const entries = await readdir(fileURLToPath(services.storageUrl), { recursive: true, withFileTypes: true })
      return entries.filter((entry) => entry.isFile()).map((entry) => entry.name)
    },
    async stop() {
      await app.close()
      await completions.close()
      await storage.close()
      await database.close()
      await services.stop()
    },
  }
}

async function countRows({ workerSql }: Database): Promise<Record<string, number>> {
  const tables = await workerSql.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' ORDER BY tablename",
    [],
  )
  const counts = await Promise.all(
    tables.map(async ({ name }) => {
      const [row] = await workerSql.query<{ count: number }>(`SELECT count(*) AS count FROM ${name}`, [])
      return [name, row?.count ?? 0] as const
    }),
  )
  return Object.fromEntries(counts)
}
