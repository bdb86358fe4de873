// The states of things, once. Who may change them is the database package's affair.

import { z } from 'zod'
import { issueSchema } from './http.ts'

export const runStateSchema = z.enum(['queued', 'running', 'paused', 'succeeded', 'failed', 'cancelled'])
export type RunState = z.infer<typeof runStateSchema>

/** A job's state is derived from its runs and uses the same words. */
export const jobStateSchema = runStateSchema
export type JobState = RunState

/** Information only; nothing is decided by it. */
export const runPhaseSchema = z.enum(['preparing', 'training', 'evaluating', 'saving'])
export type RunPhase = z.infer<typeof runPhaseSchema>

export const actionSchema = z.enum(['cancel', 'pause', 'resume', 'retry'])
export type Action = z.infer<typeof actionSchema>

/** State → whether it is an end. */
export const IS_TERMINAL = {
  queued: false,
  running: false,
  paused: false,
  succeeded: true,
  failed: true,
  cancelled: true,
} as const satisfies Record<RunState, boolean>

export const jobKindSchema = z.enum(['train', 'evaluate', 'predict', 'prepare', 'verify'])
export type JobKind = z.infer<typeof jobKindSchema>

/** State → what a user may ask for. A retry makes a new job: what has ended does not change any more. */
const ACTIONS = {
  queued: ['cancel', 'pause'],
  running: ['cancel', 'pause'],
  paused: ['cancel', 'resume'],
  succeeded: [],
  failed: ['retry'],
  cancelled: ['retry'],
} as const satisfies Record<RunState, readonly Action[]>

/** Predictions and verifications are asked for again, and data is uploaded again: these kinds have no retry. */
const CAN_RETRY = { train: true, evaluate: true, predict: false, prepare: false, verify: false } as const satisfies Record<JobKind, boolean>

/** What a user may ask for now; what was asked for already is not among it. */
export function allowedActions(job: {
  readonly kind: JobKind
  readonly state: JobState
  readonly cancelRequested: boolean
  readonly pauseRequested: boolean
}): Action[] {
  if (IS_TERMINAL[job.state]) return ACTIONS[job.state].filter((action) => action !== 'retry' || CAN_RETRY[job.kind])
  if (job.cancelRequested) return []
  return job.pauseRequested ? ['cancel', 'resume'] : [...ACTIONS[job.state]]
}

/** How an attempt ended; null while it goes on. */
export const attemptOutcomeSchema = z.enum([
  'succeeded',
  'failed',
  'cancelled',
  'paused',
  'preempted',
  'crashed',
  'lease_lost',
  'postponed',
])

export const datasetVersionStatusSchema = z.enum(['preparing', 'ready', 'failed'])
export type DatasetVersionStatus = z.infer<typeof datasetVersionStatusSchema>

export const checkpointKindSchema = z.enum(['periodic', 'final'])
export type CheckpointKind = z.infer<typeof checkpointKindSchema>

export const failureCategorySchema = z.enum(['user', 'data', 'resource', 'engine', 'infrastructure'])

/** Why a run or a preparation failed, for a person and for a program. */
export const failureSchema = z.object({
  category: failureCategorySchema,
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  issues: z.array(issueSchema).optional(),
})
export type Failure = z.infer<typeof failureSchema>
