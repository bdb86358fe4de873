// What a version that is appended to hands on: its files, its options, and what these left to be found in the data.

import type { AppendOptions, DatasetManifest, PrepareOptions } from '@trainyard/contracts'
import { datasetVersions, runs, type Tx } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import type { Preparation } from './create-version.service.ts'
import { findVersion, requireManifest, type VersionParams } from './version-files.service.ts'

/**
 * The base stays while the caller's transaction submits.
 * @throws TrainyardError not_found; `dataset_not_ready`; `conflict` when it cannot be appended to
 */
export async function appendTo(tx: Tx, params: VersionParams, { new_classes: newClasses }: AppendOptions): Promise<Preparation> {
  const version = await findVersion(tx, params)
  const manifest = requireManifest(version)
  await datasetVersions.holdForUse(tx, version.id)
  const made = version.jobId === null ? null : await runs.list(tx, { limit: 1, order: 'asc' }, { jobId: version.jobId })
  const config = made?.data[0]?.config
  if (config?.kind !== 'prepare' || manifest.index === undefined) {
    throw new TrainyardError('conflict', {
      detail: 'How the version was made is not known any more, so that nothing can be appended to it.',
      hint: 'Upload all rows as a new version.',
    })
  }
  // They are in storage: nothing is fetched again.
  const sources = config.sources.map(({ url: _url, ...source }) => source)
  return { options: settled(config.options, manifest), base: { id: version.id, sources, newClasses } }
}

/** What was found in the data of the base holds for what is appended. */
function settled(options: PrepareOptions, { target, input }: DatasetManifest): PrepareOptions {
  const channels = input.kind === 'image' ? input.shape[0] : null
  return {
    ...options,
    target_kind: options.target_kind ?? target.kind,
    ...(options.channels === undefined && (channels === 1 || channels === 3) ? { channels } : {}),
  }
}
