// Prepares a dataset version: uploaded files → manifest and shards. What is done is kept now and then, and when the run is to stop, so that the next
// attempt goes on there; only a cancelled one keeps nothing.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type StartMessage, uploadRoleSchema } from '@trainyard/contracts'
import { fileSource, PreparationStopped, type PrepareProgress, type ProgressOptions, prepareDataset } from '@trainyard/datasets'
import type { Channel } from './channel.ts'
import { configOf } from './config-of.ts'
import { limitMemory, PREPARATION_BYTES } from './memory-limit.ts'

/** Milliseconds between two looks at the wish to stop. */
const STOP_CHECK_MS = 50
/** What is said of a preparation that goes on, by the stage at which it does. */
const RESUMED_AT: Readonly<Record<PrepareProgress['stage'], (rows: string) => string>> = {
  parse: (rows) => `Goes on after ${rows} rows that are parsed.`,
  check: (rows) => `All rows are parsed: goes on after ${rows} rows that are checked.`,
  write: (rows) => `All rows are checked: goes on after ${rows} rows that are written.`,
}

export async function runPrepare(start: StartMessage, channel: Channel): Promise<void> {
  const { options, base } = configOf(start, 'prepare')
  limitMemory(PREPARATION_BYTES, start.memory_bytes_max)
  const abort = new AbortController()
  // Until rows come there is nothing to keep.
  let hasBegun = false
  const watch = setInterval(() => {
    const reason = channel.stopRequested
    if (reason === 'cancel' || (reason !== null && !hasBegun)) abort.abort()
  }, STOP_CHECK_MS)
  try {
    const { manifest, files } = await prepareDataset({
      sources: sourcesOf(start, 0),
      ...(start.base == null ? {} : { append: await appendOf(start, start.base, base?.new_classes ?? false) }),
      options,
      outDir: join(start.work_directory, 'shards'),
      keyPrefix: start.shard_key_prefix ?? '',
      signal: abort.signal,
      ...progressOf(start, channel),
      onResumed: ({ stage, rows }) => {
        hasBegun = true
        channel.event('resumed', RESUMED_AT[stage](rows.toLocaleString('en')))
      },
      onProgress: ({ rows, totalRows }) => {
        hasBegun = true
        channel.report({ phase: 'preparing', step: rows, epoch: totalRows === null ? 0 : rows / totalRows, samplesPerSecond: null })
      },
    })
    const rows = Object.values(manifest.splits).reduce((sum, split) => sum + split.rows, 0)
    channel.send({ type: 'prepared', manifest, files: [...files] })
    channel.send({ type: 'done', result: { kind: 'prepare', rows, digest: manifest.digest } })
  } catch (error) {
    const reason = channel.stopRequested
    if (reason === null || !(abort.signal.aborted || error instanceof PreparationStopped)) throw error
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

function progressOf({ preparation }: StartMessage, channel: Channel): { readonly progress?: ProgressOptions } {
  if (preparation === null) return {}
  return {
    progress: {
      files: new Map(preparation.files.map(({ name, path }) => [name, path])),
      everyMs: preparation.every_ms,
      onKept: ({ files }) => channel.send({ type: 'kept', files: [...files] }),
      isStopping: () => channel.stopRequested !== null,
    },
  }
}
