// A version of files that are here already or somewhere else: the files, the version and its preparation in one transaction.

import {
  type DatasetVersion,
  fromWireId,
  type ImportVersion,
  newUuid,
  type RunConfigOf,
  toWireId,
  type UploadRole,
  uploadRoleSchema,
  type VersionSource,
} from '@trainyard/contracts'
import { datasetVersions, jobs, type Tx, type UploadRecord, uploads } from '@trainyard/database'
import { checkRoles } from '@trainyard/datasets'
import type { Issue } from '@trainyard/errors'
import { checkUrl, type HostPolicy } from '@trainyard/outbound'
import { invalidRequest } from '../../http/parse.ts'
import { baseKeys, type NewVersion, type Preparation, partOf, prepareConfig } from './create-version.service.ts'
import { serializeDatasetVersion } from './dataset-version.serializer.ts'

/** A source with what is known of its file. */
interface Resolved {
  readonly role: UploadRole
  readonly source: RunConfigOf<'prepare'>['sources'][number]
  /** null: it is fetched. */
  readonly upload: UploadRecord | null
}

/** @throws TrainyardError invalid_request with every mistake of the sources */
export async function importVersion(
  tx: Tx,
  version: NewVersion,
  sources: ImportVersion['sources'],
  preparation: Preparation,
  policy: HostPolicy,
): Promise<DatasetVersion> {
  const { id, projectId } = version
  const { options } = preparation
  const part = partOf(preparation)
  const issues: Issue[] = []
  const resolved: Resolved[] = []
  const roles = uploadRoleSchema.options.filter((role) => sources[role] !== undefined)
  for (const role of roles) {
    const source = sources[role]
    if (source === undefined) continue
    const result = 'url' in source ? fetched(role, source.url) : await uploaded(tx, role, source)
    if ('code' in result) issues.push(result)
    else resolved.push(result)
  }
  issues.push(...checkRoles(roles).map((issue) => ({ ...issue, path: `sources.${issue.path}` })))
  if (issues.length > 0) throw invalidRequest(issues)
  const config = prepareConfig(
    version,
    resolved.map(({ source }) => source),
    preparation,
  )
  const job = await jobs.submit(tx, {
    projectId,
    kind: 'prepare',
    name: null,
    config: { kind: 'prepare', sources, options },
    runs: [config],
  })
  await datasetVersions.create(tx, { ...version, jobId: job.id, base: baseKeys(preparation), uploads: [] })
  for (const { role, source, upload } of resolved) {
    if (upload === null)
      await uploads.announceImport(tx, { id: newUuid(), projectId, datasetVersionId: id, role, part, ...importOf(source) })
    else if (!(await uploads.attach(tx, upload, id, role, part))) throw invalidRequest([used(role, toWireId('upload', upload.id))])
  }
  const row = await datasetVersions.find(tx, id)
  if (row === null) throw new Error('the version that was just made is gone')
  return serializeDatasetVersion(row)

  function fetched(role: UploadRole, url: string): Resolved | Issue {
    const problem = checkUrl(url, policy)
    if (problem !== null) return { path: `sources.${role}.url`, code: 'refused_url', ...problem }
    const name = decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '').slice(0, 255) || role
    return { role, source: { role, key: `uploads/${id}/${role}`, file_name: name, bytes: 0, url }, upload: null }
  }
}

async function uploaded(tx: Tx, role: UploadRole, source: Extract<VersionSource, { upload_id: string }>): Promise<Resolved | Issue> {
  const { upload_id: uploadId } = source
  const upload = await uploads.findLocked(tx, fromWireId('upload', uploadId) ?? '')
  const at = (code: string, message: string, hint: string): Issue => ({ path: `sources.${role}.upload_id`, code, message, hint })
  if (upload === null || upload.partBytes === null) {
    return at('not_found', `there is no upload ${uploadId} in this project`, 'POST /v1/uploads begins one.')
  }
  if (upload.completedAt === null) return at('upload_open', `${uploadId} is not complete`, 'POST /v1/uploads/{upload_id}/complete first.')
  if (upload.datasetVersionId !== null) return used(role, uploadId)
  const { objectKey: key, fileName, bytes, sha256 } = upload
  return { role, source: { role, key, file_name: fileName, bytes, ...(sha256 === null ? {} : { sha256 }) }, upload }
}

function used(role: UploadRole, uploadId: string): Issue {
  return {
    path: `sources.${role}.upload_id`,
    code: 'upload_used',
    message: `${uploadId} is the source of a version or of another role already`,
    hint: 'Upload the file again.',
  }
}

function importOf({ key, file_name: fileName, url = '' }: Resolved['source']) {
  return { fileName, objectKey: key, sourceUrl: url }
}
