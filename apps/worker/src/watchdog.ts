// A worker that cannot reach PostgreSQL or the queue for too long is better restarted: whoever runs the process starts a new one.

export interface WatchdogOptions {
  /** Name → a call that resolves when the part answers. */
  readonly checks: Readonly<Record<string, () => Promise<void>>>
  readonly limitMs: number
  /** Monotonic milliseconds. */
  readonly now: () => number
  readonly onUnreachable: (what: string) => void
}

export interface Watchdog {
  close(): void
}

/** Checks ten times within the limit; a check that hangs counts as one that fails. */
export function startWatchdog({ checks, limitMs, now, onUnreachable }: WatchdogOptions): Watchdog {
  const answeredAt = new Map(Object.keys(checks).map((name) => [name, now()]))
  const pending = new Set<string>()
  const timer = setInterval(() => {
    for (const [name, check] of Object.entries(checks)) {
      if (now() - (answeredAt.get(name) ?? 0) > limitMs) onUnreachable(name)
      if (pending.has(name)) continue
      pending.add(name)
      check()
        .then(() => answeredAt.set(name, now()))
        .catch(() => {})
        .finally(() => pending.delete(name))
    }
  }, limitMs / 10)
  return { close: () => clearInterval(timer) }
}
