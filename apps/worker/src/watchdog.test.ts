import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startWatchdog } from './watchdog.ts'

describe('the watchdog', () => {
  const limitMs = 60_000
  const tickMs = limitMs / 10
  let unreachable: string[]
  const answers = async () => {}
  const refuses = async (): Promise<void> => {
    throw new Error('connection refused')
  }
  const hangs = () => new Promise<void>(() => {})
  const start = (checks: Record<string, () => Promise<void>>) =>
    startWatchdog({ checks, limitMs, onUnreachable: (what) => unreachable.push(what) })

  beforeEach(() => {
    vi.useFakeTimers()
    unreachable = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([
    ['refuses', refuses],
    ['hangs', hangs],
  ])('tells of a part that %s for the limit, and not earlier', async (_, check) => {
    const watchdog = start({ PostgreSQL: check, queue: answers })
    await vi.advanceTimersByTimeAsync(limitMs)
    expect(unreachable).toEqual([])
    await vi.advanceTimersByTimeAsync(tickMs)
    expect(unreachable).toEqual(['PostgreSQL'])
    watchdog.close()
  })

  it('begins anew with each answer', async () => {
    let check = refuses
    const watchdog = start({ PostgreSQL: () => check() })
    for (let outage = 0; outage < 3; outage++) {
      check = refuses
      await vi.advanceTimersByTimeAsync(limitMs - tickMs)
      check = answers
      await vi.advanceTimersByTimeAsync(tickMs)
    }
    expect(unreachable).toEqual([])
    watchdog.close()
  })

  it('does not take the sleep of its own process for an outage', async () => {
    let check = answers
    const watchdog = start({ PostgreSQL: () => check() })
    await vi.advanceTimersByTimeAsync(tickMs)
    // Asleep, the clock went on and no timer fired; the connection broke meanwhile.
    vi.setSystemTime(Date.now() + 10 * limitMs)
    check = refuses
    await vi.advanceTimersByTimeAsync(5 * tickMs)
    expect(unreachable).toEqual([])
    watchdog.close()
  })
})
