// What other packages see. Repositories come as namespaces (`jobs.submit`), each function taking the transaction first.

import * as apiKeys from './api-keys.repository.ts'
import * as attempts from './attempts.repository.ts'
import * as checkpoints from './checkpoints.repository.ts'
import * as datasetVersions from './dataset-versions.repository.ts'
import * as datasets from './datasets.repository.ts'
import * as idempotency from './idempotency.repository.ts'
import * as jobs from './jobs.repository.ts'
import * as metrics from './metrics.repository.ts'
import * as models from './models.repository.ts'
import * as preparationFiles from './preparation-files.repository.ts'
import * as projects from './projects.repository.ts'
import * as runEvents from './run-events.repository.ts'
import * as dispatch from './runs/dispatch.ts'
import * as runFlush from './runs/flush.ts'
import * as runState from './runs/state.ts'
import * as runs from './runs.repository.ts'
import * as statistics from './statistics.repository.ts'
import * as storedKeys from './stored-keys.repository.ts'
import * as uploads from './uploads.repository.ts'

export type { ApiKeyRecord, Authentication, Principal } from './api-keys.repository.ts'
export type { AttemptRecord } from './attempts.repository.ts'
export type { CheckpointFile, CheckpointRecord, StoredCheckpoint } from './checkpoints.repository.ts'
export { createDatabase, type Database, type DatabaseOptions, type Role, type Tx, urlOfRole } from './database.ts'
export type { DatasetVersionRecord, NewDatasetVersion } from './dataset-versions.repository.ts'
export type { DatasetRecord } from './datasets.repository.ts'
export type { HeldKey, IdempotencyClaim, IdempotentRequest, StoredResponse } from './idempotency.repository.ts'
export { type RetryOptions, retry } from './job-retry.ts'
export type { JobFilter, JobRecord, SubmitJob } from './jobs.repository.ts'
export { type Channel, type Listener, type ListenOptions, listen } from './listen.ts'
export { withAdvisoryLock } from './lock.ts'
export type { MetricBucket, MetricSeriesRecord, MetricsRequest } from './metrics.repository.ts'
export { MIGRATIONS_DIRECTORY, type MigrateOptions, migrate } from './migrate.ts'
export type { ModelRecord, NewModel } from './models.repository.ts'
export type { Page, PageRequest } from './page.ts'
export type { ProjectRecord } from './projects.repository.ts'
export type { RunEventRecord } from './run-events.repository.ts'
export type { Fence, IdentifiedEvent, NewEvent } from './runs/fence.ts'
export type { FlushInput, FlushResult } from './runs/flush.ts'
export type { ClaimedRun, Completion, LeftRun, NewCheckpoint, NewPreparationFile } from './runs/state.ts'
export { canFollow, TRANSITIONS } from './runs/transitions.ts'
export type { RunRecord } from './runs.repository.ts'
export { type Sql, sqlOfTransaction } from './sql.ts'
export type { JobCount, QueueDepth } from './statistics.repository.ts'
export type { BeginUpload, NewUpload, StorageUsage, UploadPartRecord, UploadRecord } from './uploads.repository.ts'
export {
  apiKeys,
  attempts,
  checkpoints,
  datasets,
  datasetVersions,
  dispatch,
  idempotency,
  jobs,
  metrics,
  models,
  preparationFiles,
  projects,
  runEvents,
  runFlush,
  runState,
  runs,
  statistics,
  storedKeys,
  uploads,
}
