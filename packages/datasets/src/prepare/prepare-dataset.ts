// From uploaded files to a manifest and shards. Runs in the trainer process: no network, no credentials, files by path.

import { mkdir } from 'node:fs/promises'
import {
  type DatasetManifest,
  type PrepareOptions,
  type PrepareOptionsInput,
  prepareOptionsSchema,
  type UploadRole,
} from '@trainyard/contracts'
import { type Issue, TrainyardError } from '@trainyard/errors'
import { appendRows, type RowPart } from '../formats/append-rows.ts'
import { openRows } from '../formats/open-rows.ts'
import type { DataSource } from '../formats/source.ts'
import { PREPARE_LIMITS, type PrepareLimits } from '../limits.ts'
import { readSummary } from '../row-index/read-index.ts'
import { BaseVersion } from './base-version.ts'
import type { PrepareContext, PrepareProgress } from './context.ts'
import type { PreparedDataset } from './manifest.ts'
import { prepareRows } from './prepare-rows.ts'
import { ProgressKeeper, type ProgressOptions } from './resume/progress-keeper.ts'

export interface AppendRequest {
  /** What every other file of the new version is, part by part: what the base was appended of, oldest first, and last the new files. */
  readonly parts: readonly (readonly DataSource[])[]
  /** Of the base. */
  readonly manifest: DatasetManifest
  /** The file `index.summary` of the base. */
  readonly summary: Uint8Array
  /** Whether there may be classes that the base has not. */
  readonly newClasses: boolean
}

export interface PrepareRequest {
  /** Either one `file` (CSV), or `train_images` and `train_labels` with, if there are any, `test_images` and `test_labels` (IDX). */
  readonly sources: readonly DataSource[]
  /** A version that is made of another and more files: `sources` are the first files of that one. */
  readonly append?: AppendRequest
  readonly options?: PrepareOptionsInput
  /** Shards are written here; made if it is missing. */
  readonly outDir: string
  /** Put before the file names to make the keys in the manifest: `datasets/<version>/`. Default: nothing. */
  readonly keyPrefix?: string
  readonly onProgress?: (progress: PrepareProgress) => void
  readonly signal?: AbortSignal
  /** What was done is kept for a later attempt, and what an earlier one has done is not done again. Files in `outDir` stay then. */
  readonly progress?: ProgressOptions
  /** Called once when it goes on where an earlier attempt ended: the stage, and the rows of it that need not be done again. */
  readonly onResumed?: (progress: PrepareProgress) => void
  readonly limits?: Partial<PrepareLimits>
}

/**
 * Parses, checks, splits, and writes shards, a report and a profile. Memory stays flat whatever the size of the files: one shard per split, 13
 * bytes per row, an index of at most 134 MB of different rows, and what describes the columns. Rows pass through a temporary file in `outDir`.
 * @throws TrainyardError `invalid_data` or `executable_format`; the signal's reason when it is aborted; PreparationStopped
 * @example await prepareDataset({ sources: [fileSource('file', 'iris.csv', path)], outDir, options: { target: 'species' } })
 */
export async function prepareDataset(request: PrepareRequest): Promise<PreparedDataset> {
  const options: PrepareOptions = prepareOptionsSchema.parse(request.options ?? {})
  const context: Omit<PrepareContext, 'keeper'> = {
    options,
    outDir: request.outDir,
    keyPrefix: request.keyPrefix ?? '',
    limits: { ...PREPARE_LIMITS, ...request.limits },
    signal: request.signal,
    onProgress: request.onProgress ?? (() => {}),
    onResumed: request.onResumed ?? (() => {}),
  }
  const files = [request.sources, ...(request.append?.parts ?? [])]
  const issues = files.flatMap((sources) => checkRoles(sources.map(({ role }) => role)))
  if (issues.length > 0) throw new TrainyardError('invalid_data', { detail: issues[0]?.message ?? '', issues })
  request.signal?.throwIfAborted()
  await mkdir(request.outDir, { recursive: true })
  const parts: RowPart[] = []
  for (const sources of files) {
    const source = await openRows(sources, options, context.limits, request.signal)
    parts.push({ name: sources.map(({ name }) => name).join(', '), source })
  }
  const keeper = request.progress === undefined ? null : new ProgressKeeper(request.progress, request.outDir)
  const origin = { parts: parts.map(({ name }) => name), base: baseOf(request.append) }
  return await prepareRows(appendRows(parts), origin, { ...context, keeper })
}

function baseOf(append: AppendRequest | undefined): BaseVersion | null {
  return append === undefined ? null : new BaseVersion(append.manifest, readSummary(append.summary).marks, append.newClasses)
}

/** What is missing or too much in an upload, by its parts alone; the API may ask before it stores anything. */
export function checkRoles(roles: readonly UploadRole[]): Issue[] {
  const issues: Issue[] = []
  const given = new Set(roles)
  const add = (role: UploadRole, code: string, message: string, hint: string) => issues.push({ path: role, code, message, hint })
  for (const role of given) {
    if (roles.filter((other) => other === role).length > 1) {
      add(role, 'duplicate_part', `part ${role} was given more than once`, 'Send every part once.')
    }
  }
  if (given.has('file')) {
    for (const role of given) {
      if (role !== 'file') add(role, 'unexpected_part', `part ${role} beside a part file`, 'Send either one CSV file, or IDX files.')
    }
    return issues
  }
  const required = new Set<UploadRole>(['train_images', 'train_labels'])
  if (given.has('test_images') || given.has('test_labels')) required.add('test_images').add('test_labels')
  for (const role of required) {
    if (!given.has(role)) {
      add(
        role,
        'missing_part',
        `part ${role} is missing`,
        'Send train_images and train_labels as IDX (and both test files, if you have them), or one CSV as file.',
      )
    }
  }
  return issues
}
