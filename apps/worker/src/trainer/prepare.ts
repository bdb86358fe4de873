// Prepares a dataset version: uploaded files → manifest and shards.

import { join } from 'node:path'
import { type StartMessage, uploadRoleSchema } from '@trainyard/contracts'
import { fileSource, prepareDataset } from '@trainyard/datasets'
import type { Channel } from './channel.ts'
import { configOf } from './config-of.ts'
import { limitMemory, PREPARATION_BYTES } from './memory-limit.ts'

/** Milliseconds between two looks at the wish to stop. */
const STOP_CHECK_MS = 50

export async function runPrepare(start: StartMessage, channel: Channel): Promise<void> {
  const { options } = configOf(start, 'prepare')
  limitMemory(PREPARATION_BYTES, start.memory_bytes_max)
  const abort = new AbortController()
  const watch = setInterval(() => {
    if (channel.stopRequested !== null) abort.abort()
  }, STOP_CHECK_MS)
  try {
    const { manifest, files } = await prepareDataset({
      sources: start.sources.map(({ role, name, path }) => fileSource(uploadRoleSchema.parse(role), name, path)),
      options,
      outDir: join(start.work_directory, 'shards'),
      keyPrefix: start.shard_key_prefix ?? '',
      signal: abort.signal,
      onProgress: ({ rows, totalRows }) =>
        channel.report({ phase: 'preparing', step: rows, epoch: totalRows === null ? 0 : rows / totalRows, samplesPerSecond: null }),
    })
    const rows = Object.values(manifest.splits).reduce((sum, split) => sum + split.rows, 0)
    channel.send({ type: 'prepared', manifest, files: [...files] })
    channel.send({ type: 'done', result: { kind: 'prepare', rows, digest: manifest.digest } })
  } catch (error) {
    const reason = channel.stopRequested
    if (reason === null || !abort.signal.aborted) throw error
    channel.send({ type: 'stopped', reason, step: 0 })
  } finally {
    clearInterval(watch)
  }
}
