// Files that a version names by URL, into storage, before its preparation begins. Fetching again what is there already costs nothing, so that a
// run that was interrupted goes on with the next file.

import type { RunConfigOf } from '@trainyard/contracts'
import { type Database, type NewEvent, uploads } from '@trainyard/database'
import { fetchFile, type HostPolicy } from '@trainyard/outbound'
import type { ObjectStorage } from '@trainyard/storage'

type PrepareConfig = RunConfigOf<'prepare'>

export interface SourceImportsOptions {
  readonly database: Database
  readonly storage: ObjectStorage
  readonly policy: HostPolicy
  /** Bytes of one file. */
  readonly bytesMax: number
}

export interface ImportContext {
  readonly projectId: string
  readonly signal: AbortSignal
  /** Called with every piece that arrives. */
  readonly onAlive: () => void
}

export class SourceImports {
  readonly #options: SourceImportsOptions

  constructor(options: SourceImportsOptions) {
    this.#options = options
  }

  /**
   * @returns what a person should know about it
   * @throws TrainyardError import_failed, quota_exceeded, storage_full; the signal's reason when it is aborted
   */
  async fetchAll({ sources }: PrepareConfig, context: ImportContext): Promise<readonly NewEvent[]> {
    const events: NewEvent[] = []
    for (const { url, key } of sources) {
      if (url === undefined || (await this.#options.storage.stat(key)) !== null) continue
      const bytes = await this.#fetch(url, key, context)
      const { origin, pathname } = new URL(url)
      events.push({ type: 'imported', message: `Fetched ${bytes} bytes from ${origin}${pathname}.`, data: { bytes } })
    }
    return events
  }

  async #fetch(url: string, key: string, { projectId, signal, onAlive }: ImportContext): Promise<number> {
    const { database, storage, policy, bytesMax } = this.#options
    const { used, limit } = await database.asWorker((tx) => uploads.storageUsage(tx, projectId))
    const room = limit === null ? bytesMax : Math.min(bytesMax, Math.max(0, limit - used))
    const { content } = await fetchFile(url, { ...policy, bytesMax: room, signal })
    const stored = await storage.put(key, noted(content, onAlive), { signal })
    try {
      await database.asWorker((tx) => uploads.completeImport(tx, key, stored))
    } catch (error) {
      await storage.delete(key)
      throw error
    }
    return stored.bytes
  }
}

async function* noted(content: AsyncIterable<Uint8Array>, onPiece: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of content) {
    onPiece()
    yield piece
  }
}
