// The states of things, once. Who may change them is the database package's affair.

import { z } from 'zod'

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

/** State → what a user may ask for, in the first cut of the API. */
export const ALLOWED_ACTIONS = {
  queued: ['cancel'],
  running: ['cancel'],
  paused: ['cancel'],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<RunState, readonly Action[]>

export const jobKindSchema = z.enum(['train', 'evaluate', 'predict', 'prepare'])
export type JobKind = z.infer<typeof jobKindSchema>

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
  issues: z.array(z.object({ path: z.string(), code: z.string(), message: z.string(), hint: z.string() })).optional(),
})
export type Failure = z.infer<typeof failureSchema>
