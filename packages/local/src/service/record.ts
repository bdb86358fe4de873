// service.json: what runs in a data directory, for a second start, for the demo and for whoever looks.

import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { identify, isAlive, type ProcessIdentity } from '../process/identity.ts'

export interface ServiceRecord {
  readonly url: string
  /** Where the key of the first project is. */
  readonly apiKeyPath: string
  /** The process that started the others. */
  readonly owner: ProcessIdentity
  readonly pids: Readonly<Record<string, number>>
}

const pathIn = (dataDir: string) => join(dataDir, 'service.json')

export async function writeRecord(dataDir: string, record: Omit<ServiceRecord, 'owner'>): Promise<void> {
  const owner = identify(process.pid)
  await writeFile(pathIn(dataDir), `${JSON.stringify({ ...record, owner }, null, 2)}\n`)
}

export async function removeRecord(dataDir: string): Promise<void> {
  await rm(pathIn(dataDir), { force: true })
}

/** @returns The service that runs in the directory now, or null. */
export async function findService(dataDir: string): Promise<ServiceRecord | null> {
  const text = await readFile(pathIn(dataDir), 'utf8').catch(() => null)
  if (text === null) return null
  const record = JSON.parse(text) as ServiceRecord
  return isAlive(record.owner) ? record : null
}
