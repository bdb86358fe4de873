// A piece of work that is done again and again: after each interval, or at once when woken; never twice at the same time.

export interface Repeater {
  /** Does the work now, or right after the one in progress. */
  wake(): void
  /** Waits for the work in progress. */
  close(): Promise<void>
}

/**
 * @param work May reject; then it is tried again after the interval.
 */
export function repeat(intervalMs: number, work: () => Promise<void>, onError: (error: Error) => void): Repeater {
  let timer: NodeJS.Timeout | null = null
  let current: Promise<void> | null = null
  let isWoken = false
  let isClosed = false

  const run = async () => {
    do {
      isWoken = false
      await work()
    } while (isWoken && !isClosed)
  }

  const start = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    current = run()
      .catch((error: unknown) => onError(error instanceof Error ? error : new Error(String(error))))
      .finally(() => {
        current = null
        if (!isClosed) timer = setTimeout(start, intervalMs)
      })
  }

  start()
  return {
    wake: () => {
      isWoken = true
      if (current === null && !isClosed) start()
    },
    close: async () => {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      await current
    },
  }
}
