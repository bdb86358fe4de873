// Prepares a dataset version: uploaded files → manifest and shards.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type StartMessage, uploadRoleSchema } from '@trainyard/contracts'
import { fileSource, prepareDataset } from '@trainyard/datasets'
import type { Channel } from './channel.ts'
import { configOf } from './config-of.ts'
import { limitMemory, PREPARATION_BYTES } from './memory-limit.ts'

/** Milliseconds between two looks at the wish to stop. */
const STOP_CHECK_MS = 50

export async function runPrepare(start: StartMessage, channel: Channel): Promise<void> {
  const { options, base } = configOf(start, 'prepare')
  limitMemory(PREPARATION_BYTES, start.memory_bytes_max)
  const abort = new AbortController()
  const watch = setInterval(() => {
    if (channel.stopRequested !== null) abort.abort()
  }, STOP_CHECK_MS)
  try {
    const { manifest, files } = await prepareDataset({
      sources: sourcesOf(start, 0),
      ...(start.base == null ? {} : { append: await appendOf(start, start.base, base?.new_classes ?? false) }),
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

const sourcesOf = ({ sources }: StartMessage, wanted: number) =>
  sources.filter(({ part = 0 }) => part === wanted).map(({ role, name, path }) => fileSource(uploadRoleSchema.parse(role), name, path))

async function appendOf(start: StartMessage, { manifest, summary_path: path }: NonNullable<StartMessage['base']>, newClasses: boolean) {
  const parts = [...new Set(start.sources.map(({ part = 0 }) => part))].filter((part) => part > 0).sort((a, b) => a - b)
  return { parts: parts.map((part) => sourcesOf(start, part)), manifest, summary: await readFile(path), newClasses }
}
