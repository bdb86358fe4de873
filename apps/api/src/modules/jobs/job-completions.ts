// Tells when a job has ended: by the database's hint, and by a slow clock for hints that were lost.

import { type Listener, listen } from '@trainyard/database'

/** Between two looks at a job while no hint comes. */
const POLL_MS = 1000

export interface JobCompletions {
  /** Resolves when the job may have ended, after POLL_MS at the latest. Begin to wait before the job is read. */
  next(jobId: string): Promise<void>
  close(): Promise<void>
}

export function createJobCompletions(databaseUrl: string, onError: (error: Error) => void = () => {}): JobCompletions {
  const waiting = new Map<string, Set<() => void>>()
  const wake = (jobId: string) => {
    for (const resolve of waiting.get(jobId) ?? []) resolve()
  }
  const listener: Listener = listen({
    url: databaseUrl,
    channels: ['trainyard_finished'],
    onHint: (_, jobId) => wake(jobId),
    // Hints may have been missed while it was not connected.
    onConnected: () => [...waiting.keys()].forEach(wake),
    onError,
  })
  return {
    next: (jobId) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          const others = waiting.get(jobId)
          others?.delete(done)
          if (others?.size === 0) waiting.delete(jobId)
          resolve()
        }
        const timer = setTimeout(done, POLL_MS)
        waiting.set(jobId, (waiting.get(jobId) ?? new Set()).add(done))
      }),
    close: () => listener.close(),
  }
}
