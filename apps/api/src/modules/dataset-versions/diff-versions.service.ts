// Two versions of a project side by side: what of them a comparison reads.

import { type DatasetManifest, fromWireId, type RowIndex, toWireId } from '@trainyard/contracts'
import { type DatasetVersionRecord, datasetVersions, type Tx } from '@trainyard/database'
import { type DescribedVersion, type IndexedRows, readSummary } from '@trainyard/datasets'
import { TrainyardError } from '@trainyard/errors'
import type { ObjectStorage } from '@trainyard/storage'
import { invalidRequest, missing } from '../../http/parse.ts'
import { findVersion, readAnalysis, readBytes, requireManifest, type VersionParams } from './version-files.service.ts'

export interface ComparedVersion {
  readonly id: string
  readonly manifest: DatasetManifest
  readonly index: RowIndex
}

export interface ComparedVersions {
  readonly base: ComparedVersion
  readonly version: ComparedVersion
}

/**
 * @param baseId as on the wire; default: what the version was appended to
 * @throws TrainyardError not_found; invalid_request without a base; `dataset_not_ready`; `conflict`
 */
export async function findCompared(tx: Tx, params: VersionParams, baseId: string | undefined): Promise<ComparedVersions> {
  const version = await findVersion(tx, params)
  const id = baseId === undefined ? version.baseVersionId : fromWireId('dataset_version', baseId)
  if (id === null) {
    const message = 'The version was not appended to another one.'
    throw invalidRequest([{ path: 'query.base', code: 'missing_field', message, hint: 'Name the version to compare with in "base".' }])
  }
  const base = await datasetVersions.find(tx, id)
  if (base === null) throw missing(baseId ?? toWireId('dataset_version', id))
  return { base: comparable(base), version: comparable(version) }
}

function comparable(record: DatasetVersionRecord): ComparedVersion {
  const manifest = requireManifest(record)
  const id = toWireId('dataset_version', record.id)
  if (manifest.index !== undefined && manifest.analysis !== undefined) return { id, manifest, index: manifest.index }
  throw new TrainyardError('conflict', {
    detail: `${id} was prepared before versions could be compared.`,
    hint: 'Upload its files again as a new version.',
  })
}

export function indexedRows(storage: ObjectStorage, { index }: ComparedVersion): IndexedRows {
  return { index, open: (key) => storage.get(key) }
}

export async function describe(storage: ObjectStorage, { manifest, index }: ComparedVersion): Promise<DescribedVersion> {
  const analysis = await readAnalysis(storage, manifest)
  if (analysis === null) throw new Error('the version has no analysis')
  const { distributions } = readSummary(await readBytes(storage, index.summary.key))
  return { manifest, analysis, distributions }
}
