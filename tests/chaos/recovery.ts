// How long a fault is felt: from its beginning until every run that trained at that time has made a further step, or ended, and the API
// answers. Seen past all proxies.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { Stack } from './stack.ts'

const POLL_MS = 100
const GIVE_UP_MS = 120_000
const ANSWER_MS = 500

interface Position {
  readonly id: string
  readonly state: string
  readonly last_step: string
}

async function positions(pool: Pool, ids?: readonly string[]): Promise<readonly Position[]> {
  const { rows } = await pool.query<Position>(
    ids === undefined
      ? { text: "SELECT id, state, last_step FROM runs WHERE state = 'running'" }
      : { text: 'SELECT id, state, last_step FROM runs WHERE id = ANY($1::uuid[])', values: [ids] },
  )
  return rows
}

async function answers(url: string): Promise<boolean> {
  return await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    (response) => response.ok,
    () => false,
  )
}

/** @returns milliseconds, GIVE_UP_MS where it took longer; null when nothing trained, or the database could not be asked at the beginning */
export async function measureRecovery(stack: Stack, pool: Pool, fault: () => Promise<void>): Promise<number | null> {
  const before = await positions(pool).catch(() => [])
  const begun = performance.now()
  const ended = fault()
  if (before.length === 0) {
    await ended
    return null
  }
  const waiting = new Map(before.map(({ id, last_step }) => [id, Number(last_step)]))
  let isAnswering = false
  for (;;) {
    await sleep(POLL_MS)
    if (performance.now() - begun > GIVE_UP_MS) break
    isAnswering ||= await answers(stack.direct.url)
    const now = await positions(pool, [...waiting.keys()]).catch(() => [])
    for (const { id, state, last_step } of now) {
      const hasMoved = Number(last_step) > (waiting.get(id) ?? 0)
      if (hasMoved || ['succeeded', 'failed', 'cancelled', 'paused'].includes(state)) waiting.delete(id)
    }
    if (waiting.size === 0 && isAnswering) break
  }
  const recoveredMs = Math.min(performance.now() - begun, GIVE_UP_MS)
  await ended
  return recoveredMs
}
