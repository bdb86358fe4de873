// Every operation of the API, once. Registration, OpenAPI document and the tables of the tests read this list.

import type { Route } from './http/route.ts'
import { listApiKeys } from './modules/api-keys/list-api-keys.route.ts'
import { downloadCheckpoint } from './modules/checkpoints/download-checkpoint.route.ts'
import { getCheckpoint } from './modules/checkpoints/get-checkpoint.route.ts'
import { listCheckpoints } from './modules/checkpoints/list-checkpoints.route.ts'
import { predict } from './modules/checkpoints/predict.route.ts'
import { predictImages } from './modules/checkpoints/predict-images.route.ts'
import { appendDatasetVersion } from './modules/dataset-versions/append-dataset-version.route.ts'
import { appendImport } from './modules/dataset-versions/append-import.route.ts'
import { createDatasetVersion } from './modules/dataset-versions/create-dataset-version.route.ts'
import { deleteDatasetVersion } from './modules/dataset-versions/delete-dataset-version.route.ts'
import { diffDatasetVersion } from './modules/dataset-versions/diff-dataset-version.route.ts'
import { downloadQuarantine } from './modules/dataset-versions/download-quarantine.route.ts'
import { getContactSheet } from './modules/dataset-versions/get-contact-sheet.route.ts'
import { getDatasetProfile } from './modules/dataset-versions/get-dataset-profile.route.ts'
import { getDatasetReport } from './modules/dataset-versions/get-dataset-report.route.ts'
import { getDatasetVersion } from './modules/dataset-versions/get-dataset-version.route.ts'
import { importDatasetVersion } from './modules/dataset-versions/import-dataset-version.route.ts'
import { listDatasetVersions } from './modules/dataset-versions/list-dataset-versions.route.ts'
import { listDiffRows } from './modules/dataset-versions/list-diff-rows.route.ts'
import { listVersionRuns } from './modules/dataset-versions/list-version-runs.route.ts'
import { previewAugmentation } from './modules/dataset-versions/preview-augmentation.route.ts'
import { previewDatasetVersion } from './modules/dataset-versions/preview-dataset-version.route.ts'
import { createDataset } from './modules/datasets/create-dataset.route.ts'
import { getDataset } from './modules/datasets/get-dataset.route.ts'
import { listDatasets } from './modules/datasets/list-datasets.route.ts'
import { cancelJob } from './modules/jobs/cancel-job.route.ts'
import { getJob } from './modules/jobs/get-job.route.ts'
import { listJobEvents } from './modules/jobs/list-job-events.route.ts'
import { listJobs } from './modules/jobs/list-jobs.route.ts'
import { pauseJob } from './modules/jobs/pause-job.route.ts'
import { resumeJob } from './modules/jobs/resume-job.route.ts'
import { retryJob } from './modules/jobs/retry-job.route.ts'
import { submitJob } from './modules/jobs/submit-job.route.ts'
import { createModel } from './modules/models/create-model.route.ts'
import { getModel } from './modules/models/get-model.route.ts'
import { listModels } from './modules/models/list-models.route.ts'
import { listPresets } from './modules/models/list-presets.route.ts'
import { validateModel } from './modules/models/validate-model.route.ts'
import { getOwnProject } from './modules/projects/get-own-project.route.ts'
import { getProject } from './modules/projects/get-project.route.ts'
import { getRun } from './modules/runs/get-run.route.ts'
import { getRunMetrics } from './modules/runs/get-run-metrics.route.ts'
import { listRunAttempts } from './modules/runs/list-run-attempts.route.ts'
import { listRunEvents } from './modules/runs/list-run-events.route.ts'
import { verifyRun } from './modules/runs/verify-run.route.ts'
import { getErrorPage } from './modules/system/get-error-page.route.ts'
import { getHealth } from './modules/system/get-health.route.ts'
import { getMetrics } from './modules/system/get-metrics.route.ts'
import { getOpenapi } from './modules/system/get-openapi.route.ts'
import { getReadiness } from './modules/system/get-readiness.route.ts'
import { completeUpload } from './modules/uploads/complete-upload.route.ts'
import { createPartUrl } from './modules/uploads/create-part-url.route.ts'
import { createUpload } from './modules/uploads/create-upload.route.ts'
import { deleteUpload } from './modules/uploads/delete-upload.route.ts'
import { getUpload } from './modules/uploads/get-upload.route.ts'
import { listUploads } from './modules/uploads/list-uploads.route.ts'
import { putUploadContent } from './modules/uploads/put-upload-content.route.ts'
import { putUploadPart } from './modules/uploads/put-upload-part.route.ts'

export const ROUTES: readonly Route[] = [
  getOwnProject,
  getProject,
  listApiKeys,
  createDataset,
  listDatasets,
  getDataset,
  createDatasetVersion,
  importDatasetVersion,
  appendDatasetVersion,
  appendImport,
  diffDatasetVersion,
  listDiffRows,
  listDatasetVersions,
  getDatasetVersion,
  deleteDatasetVersion,
  listVersionRuns,
  getDatasetReport,
  getDatasetProfile,
  downloadQuarantine,
  previewDatasetVersion,
  getContactSheet,
  previewAugmentation,
  createUpload,
  listUploads,
  getUpload,
  putUploadPart,
  putUploadContent,
  createPartUrl,
  completeUpload,
  deleteUpload,
  listPresets,
  validateModel,
  createModel,
  listModels,
  getModel,
  submitJob,
  listJobs,
  getJob,
  cancelJob,
  pauseJob,
  resumeJob,
  retryJob,
  listJobEvents,
  getRun,
  getRunMetrics,
  listRunAttempts,
  listRunEvents,
  verifyRun,
  listCheckpoints,
  getCheckpoint,
  downloadCheckpoint,
  predict,
  predictImages,
  getHealth,
  getReadiness,
  getMetrics,
  getOpenapi,
  getErrorPage,
]
