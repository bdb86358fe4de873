// What a trainer is told and granted: its configuration, paths of files that were checked, a directory. No credentials, no keys of storage
// but the prefix that its shards get.

import { type DatasetManifest, type GrantedFile, type StartMessage, TRAINER_PROTOCOL } from '@trainyard/contracts'
import { type ClaimedRun, checkpoints, datasetVersions, type NewEvent, preparationFiles, type Sql } from '@trainyard/database'
import { TrainyardError } from '@trainyard/errors'
import type { FileGrants } from './file-grants.ts'
import type { TrainerDirectory } from './trainer-directory.ts'

/** Shards are named by their content, so that a project stores equal ones once. */
export const shardPrefix = (projectId: string) => `datasets/${projectId}/`

export interface StartInput {
  readonly run: ClaimedRun
  readonly sql: Sql
  readonly files: FileGrants
  /** For copies that only this run needs. */
  readonly copies: string
  readonly threads: number
  readonly memoryBytesMax: number | null
  /** Milliseconds of work between two states of a preparation. */
  readonly prepareCheckpointMs: number
}

export interface Start {
  /** With the paths that the supervisor knows: `grantTo` makes those of a trainer. */
  readonly message: Omit<StartMessage, 'work_directory'>
  /** What a person should know about it. */
  readonly events: readonly NewEvent[]
}

export async function buildStartMessage(input: StartInput): Promise<Start> {
  const { run, sql, files, copies, threads, memoryBytesMax, prepareCheckpointMs } = input
  const { config } = run
  const events: NewEvent[] = []
  const granted: Pick<StartMessage, 'dataset' | 'sources' | 'base' | 'shard_key_prefix' | 'preparation' | 'resume' | 'source_checkpoint'> =
    {
      dataset: null,
      sources: [],
      base: null,
      shard_key_prefix: null,
      preparation: null,
      resume: null,
      source_checkpoint: null,
    }
  if (config.kind === 'train' || config.kind === 'evaluate' || config.kind === 'verify')
    granted.dataset = await grantDataset(sql, files, config.dataset_version_id)
  if (config.kind === 'train') {
    granted.resume = await grantResume(files, run, events)
    const sourceId = config.transfer?.checkpoint_id
    if (sourceId !== undefined && granted.resume === null) granted.source_checkpoint = await grantCheckpoint(sql, files, sourceId)
  }
  if (config.kind === 'evaluate' || config.kind === 'predict') {
    granted.source_checkpoint = await grantCheckpoint(sql, files, config.checkpoint_id)
  }
  if (config.kind === 'verify') {
    if (config.checkpoint_id !== null) granted.resume = await grantCheckpoint(sql, files, config.checkpoint_id)
    granted.source_checkpoint = await grantCheckpoint(sql, files, config.target_checkpoint_id)
  }
  if (config.kind === 'prepare') {
    granted.shard_key_prefix = shardPrefix(run.projectId)
    if (config.base !== undefined) granted.base = await grantBase(sql, files, config.base.dataset_version_id)
    granted.preparation = { files: await grantPreparation(input, events), every_ms: prepareCheckpointMs }
    granted.sources = await Promise.all(
      config.sources.map(async ({ role, key, file_name, sha256 = null, part = 0 }) => ({
        role,
        part,
        name: file_name,
        path: await files.grant(key, sha256, copies),
      })),
    )
  }
  return { message: { type: 'start', protocol: TRAINER_PROTOCOL, config, ...granted, threads, memory_bytes_max: memoryBytesMax }, events }
}

/** The message with every file under a name in the trainer's own directory: it can open no other. */
export async function grantTo(directory: TrainerDirectory, message: Start['message']): Promise<StartMessage> {
  const grant = (path: string) => directory.grant(path)
  const grantFile = async (file: GrantedFile | null) => file && { ...file, path: await grant(file.path) }
  const { dataset, sources, base, preparation, resume, source_checkpoint } = message
  const kept = preparation?.files.map(async ({ name, path }) => ({ name, path: await grant(path) }))
  const shards = Object.entries(dataset?.shard_paths ?? {}).map(async ([key, path]) => [key, await grant(path)] as const)
  return {
    ...message,
    dataset: dataset && { ...dataset, shard_paths: Object.fromEntries(await Promise.all(shards)) },
    sources: await Promise.all(sources.map(async (source) => ({ ...source, path: await grant(source.path) }))),
    ...(base == null ? {} : { base: { ...base, summary_path: await grant(base.summary_path) } }),
    preparation: preparation && { ...preparation, files: await Promise.all(kept ?? []) },
    resume: await grantFile(resume),
    source_checkpoint: await grantFile(source_checkpoint),
    work_directory: directory.work,
  }
}

async function grantBase(sql: Sql, files: FileGrants, versionId: string): Promise<NonNullable<StartMessage['base']>> {
  const manifest: DatasetManifest | null = await datasetVersions.findManifest(sql, versionId)
  if (manifest?.index === undefined) throw new TrainyardError('not_found', { detail: 'The version that was appended to is gone.' })
  const { key, sha256 } = manifest.index.summary
  return { manifest, summary_path: await files.grant(key, sha256) }
}

async function grantDataset(sql: Sql, files: FileGrants, versionId: string): Promise<NonNullable<StartMessage['dataset']>> {
  const manifest: DatasetManifest | null = await datasetVersions.findManifest(sql, versionId)
  if (manifest === null) throw new TrainyardError('not_found', { detail: 'The dataset version is gone, or was never ready.' })
  const shards = Object.values(manifest.splits).flatMap((split) => split.shards)
  const paths = await Promise.all(shards.map(async (shard) => [shard.key, await files.grant(shard.key, shard.sha256)] as const))
  return { manifest, shard_paths: Object.fromEntries(paths) }
}

async function grantCheckpoint(sql: Sql, files: FileGrants, id: string): Promise<GrantedFile> {
  const file = await checkpoints.findFile(sql, id)
  if (file === null) throw new TrainyardError('not_found', { detail: 'The checkpoint is gone.' })
  return { path: await files.grantVerified(file.objectKey, file.sha256), sha256: file.sha256 }
}

/** The newest state of a preparation, or nothing when any of its files is not as it was written. */
async function grantPreparation({ run, sql, files, copies }: StartInput, events: NewEvent[]): Promise<{ name: string; path: string }[]> {
  try {
    return await Promise.all(
      (await preparationFiles.list(sql, run.runId)).map(async ({ name, objectKey, sha256 }) => ({
        name,
        path: await files.grantVerified(objectKey, sha256, copies),
      })),
    )
  } catch (error) {
    if (!(error instanceof TrainyardError && error.code === 'corrupt_checkpoint')) throw error
    events.push({ type: 'checkpoint_rejected', message: `What was prepared is damaged, it begins anew: ${error.message}` })
    return []
  }
}

/** The newest checkpoint of the run whose content is as it was written; what is told about the others goes into `events`. */
export async function grantResume(
  files: FileGrants,
  run: Pick<ClaimedRun, 'checkpoints' | 'attempt'>,
  events: NewEvent[],
): Promise<GrantedFile | null> {
  for (const { objectKey, sha256, step } of run.checkpoints) {
    try {
      const path = await files.grantVerified(objectKey, sha256)
      events.push({ type: 'resumed', message: `Goes on from the checkpoint of step ${step.toLocaleString('en-US')}.`, data: { step } })
      return { path, sha256 }
    } catch (error) {
      if (!(error instanceof TrainyardError && error.code === 'corrupt_checkpoint')) throw error
      events.push({
        type: 'checkpoint_rejected',
        message: `The checkpoint of step ${step.toLocaleString('en-US')} is damaged: ${error.message}`,
        data: { step },
      })
    }
  }
  if (run.attempt > 1) events.push({ type: 'restarted', message: 'No intact checkpoint: begins again at step 0.' })
  return null
}
