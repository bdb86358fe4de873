// The only place that changes a run's state: one file per way, each change one statement, so that what it decides and what it writes cannot
// come apart. The database's clock decides about leases. Jobs and failed preparations follow by trigger (prisma/migrations).

export { type NewCheckpoint, recordCheckpoint } from './state/checkpoint.ts'
export { type ClaimedRun, type ClaimRequest, claim, claimNext, PREDICTION_PRIORITY } from './state/claim.ts'
export { type Completion, complete } from './state/complete.ts'
export { keepPreparation, type NewPreparationFile } from './state/keep-preparation.ts'
export { CRASH_LIMIT, crash, expireLeases, fail, type LeftRun, LOST_LIMIT, postpone, release } from './state/leave.ts'
export { cancelJob, pauseJob, resumeJob } from './state/requests.ts'
