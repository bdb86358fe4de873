// A worker that cannot reach PostgreSQL or the queue for too long is better restarted: whoever runs the process starts a new one.

export interface WatchdogOptions {
  /** Name → a call that resolves when the part answers. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  readonly limitMs: number
  readonly onUnreachable: (what: string) => void
}

export interface Watchdog {
  close(): void
}

const CHECKS_MAX = 10

/**
 * Checks ten times within the limit; a check that hangs counts as one that fails. Checks are counted and not the time on the clock: a process that was
 * stopped for an hour, or its machine, has not heard for an hour, but has not asked either.
 */
export function startWatchdog({ checks, limitMs, onUnreachable }: WatchdogOptions): Watchdog {
  const unanswered = new Map(Object.keys(checks).map((name) => [name, 0]))
  const pending = new Set<string>()
  const timer = setInterval(() => {
    for (const [name, check] of Object.entries(checks)) {
      const count = unanswered.get(name) ?? 0
      if (count >= CHECKS_MAX) onUnreachable(name)
      unanswered.set(name, count + 1)
      if (pending.has(name)) continue
      pending.add(name)
      check()
        .then(() => unanswered.set(name, 0))
        .catch(() => {})
        .finally(() => pending.delete(name))
    }
  }, limitMs / CHECKS_MAX)
  return { close: () => clearInterval(timer) }
}
