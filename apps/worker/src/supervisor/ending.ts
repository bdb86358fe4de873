// How an attempt can end, and which ending a failure or an error leads to.

import type { Failure, RunResult, SupervisorMessage } from '@trainyard/contracts'
import type { ClaimedRun } from '@trainyard/database'
import { ERRORS, type ErrorCode, isStorageFull, TrainyardError } from '@trainyard/errors'
import type { Logger } from 'pino'

export type StopReason = Extract<SupervisorMessage, { type: 'stop' }>['reason']

/** Failures that are not the run's and may last a while → milliseconds until it is tried again. */
const POSTPONED_MS: Readonly<Partial<Record<ErrorCode, number>>> = { storage_full: 5_000, unavailable: 5_000 }

/** What the run comes to; null where nothing is left to write, since the lease is lost. */
export type Ending =
  | { readonly type: 'done'; readonly result: RunResult }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'crashed'; readonly reason: string }
  | { readonly type: 'postponed'; readonly reason: string; readonly delayMs: number }
  | { readonly type: 'stopped'; readonly reason: StopReason }
  | null

/** An error of the supervision itself, or of the storage. */
export function endingOfError(error: unknown, log: Logger): NonNullable<Ending> {
  const known = error instanceof TrainyardError ? error : isStorageFull(error) ? new TrainyardError('storage_full', { cause: error }) : null
  if (known !== null) {
    const { code, message, hint } = known
    return endingOfFailure({ category: ERRORS[code].category, code, message, hint })
  }
  log.error({ error }, 'the supervision failed')
  return { type: 'crashed', reason: 'The supervision of the trainer failed.' }
}

export function outOfMemory(reason: string): Failure {
  const { category, hint } = ERRORS.out_of_memory
  return { category, code: 'out_of_memory', message: `${reason} It asked for more memory than the plan of its model grants it.`, hint }
}

export function endingOfFailure(failure: Failure): NonNullable<Ending> {
  if (!isErrorCode(failure.code)) return { type: 'failed', failure }
  const delayMs = POSTPONED_MS[failure.code]
  if (delayMs !== undefined) return { type: 'postponed', reason: `${ERRORS[failure.code].title}: ${failure.message}`, delayMs }
  return ERRORS[failure.code].retryable ? { type: 'crashed', reason: failure.message } : { type: 'failed', failure }
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code)
}

export function ranTooLong({ maxRuntimeS }: ClaimedRun): Failure {
  return {
    category: ERRORS.timeout.category,
    code: 'timeout',
    message: `The run was running for ${maxRuntimeS} s in all, which is its max_runtime_s.`,
    hint: 'Retry the job with a higher max_runtime_s: it goes on from its last checkpoint.',
  }
}

export function notReproduced(name: string, step: number, stored: number, value: number): Failure {
  return {
    category: ERRORS.engine_failure.category,
    code: 'engine_failure',
    message: `Step ${step} was trained again after a resume: ${name} is ${value}, the first time it was ${stored}. Expected the same bits.`,
    hint: ERRORS.engine_failure.hint,
  }
}
