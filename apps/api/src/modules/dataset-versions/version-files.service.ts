// What lies beside the rows of a version in storage: its analysis, its quarantine, windows of its shards.

import type { DatasetAnalysis, DatasetManifest } from '@trainyard/contracts'
import { idSchema } from '@trainyard/contracts'
import { type DatasetVersionRecord, datasetVersions, type Tx } from '@trainyard/database'
import { type RowWindow, readWindow } from '@trainyard/datasets'
import { TrainyardError } from '@trainyard/errors'
import type { ObjectStorage } from '@trainyard/storage'
import { z } from 'zod'
import { uuidOf } from '../../http/ids.ts'
import { found, invalidRequest } from '../../http/parse.ts'

export const versionParams = z.strictObject({ dataset_id: idSchema('dataset'), dataset_version_id: idSchema('dataset_version') })
export type VersionParams = z.output<typeof versionParams>

export async function findVersion(tx: Tx, params: VersionParams): Promise<DatasetVersionRecord> {
  const version = await datasetVersions.find(tx, uuidOf('dataset_version', params.dataset_version_id))
  const isOfDataset = version?.datasetId === uuidOf('dataset', params.dataset_id)
  return found(isOfDataset ? version : null, params.dataset_version_id)
}

/** @throws TrainyardError `dataset_not_ready`, or `conflict` where it never will be */
export function requireManifest({ manifest, status, failure }: DatasetVersionRecord): DatasetManifest {
  if (manifest !== null) return manifest
  if (status === 'preparing') throw new TrainyardError('dataset_not_ready', { detail: 'The version is still being prepared.' })
  throw new TrainyardError('conflict', { detail: `The preparation of the version failed: ${failure?.message ?? 'no reason is known'}` })
}

/** Null for versions of before there was one. */
export async function readAnalysis(storage: ObjectStorage, { analysis }: DatasetManifest): Promise<DatasetAnalysis | null> {
  if (analysis === undefined) return null
  return JSON.parse((await readBytes(storage, analysis.key)).toString()) as DatasetAnalysis
}

/** @throws TrainyardError `invalid_request` when there is no such split */
export async function readRows(
  storage: ObjectStorage,
  manifest: DatasetManifest,
  { split, offset, limit }: { readonly split: string; readonly offset: number; readonly limit: number },
  path = 'query.split',
): Promise<RowWindow> {
  if (!Object.hasOwn(manifest.splits, split)) {
    const message = `The version has no split "${split}".`
    throw invalidRequest([{ path, code: 'unknown_split', message, hint: `Splits: ${Object.keys(manifest.splits).join(', ')}.` }])
  }
  return await readWindow(manifest, split, offset, limit, (key, start, end) => readBytes(storage, key, { start, end }))
}

/** Where pictures are asked for. @throws TrainyardError `conflict` when the version holds a table */
export function requireImages({ input }: DatasetManifest): Extract<DatasetManifest['input'], { kind: 'image' }> {
  if (input.kind === 'image') return input
  throw new TrainyardError('conflict', { detail: 'The version holds a table, no images.', hint: 'Use the preview of rows.' })
}

export async function readBytes(storage: ObjectStorage, key: string, range?: { start: number; end: number }): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of await storage.get(key, range)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
