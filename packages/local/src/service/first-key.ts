// The first project and its API key, so that the service can be used at once. The key is kept in a file that only its owner can read.

import { readFile, writeFile } from 'node:fs/promises'
import { apiKeys, createDatabase, projects } from '@trainyard/database'

const PROJECT = 'default'
const SCOPES = ['read', 'write'] as const

export async function ensureFirstKey(databaseUrl: string, path: string): Promise<void> {
  const database = createDatabase({ url: databaseUrl, poolSize: 1, applicationName: 'trainyard-start' })
  try {
    const kept = (await readFile(path, 'utf8').catch(() => '')).trim()
    if (kept !== '' && (await apiKeys.authenticate(database.apiSql, kept)).outcome === 'authenticated') return
    const project =
      (await database.asWorker((tx) => projects.findByName(tx, PROJECT))) ??
      (await database.asWorker((tx) => projects.create(tx, { name: PROJECT })))
    const { key } = await database.asWorker((tx) => apiKeys.create(tx, { projectId: project.id, name: 'first start', scopes: SCOPES }))
    await writeFile(path, `${key}\n`, { mode: 0o600 })
  } finally {
    await database.close()
  }
}
