// Numbers that are too small to matter do not stay in an optimizer's state, whichever engine trains.

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { openOnednn } from '@trainyard/engine/backends'
import { describe, expect, it } from 'vitest'
import type { Left } from './denormals-child.ts'
import { ENGINES, type Engine } from './steady-state-child.ts'

const CHILD = new URL('denormals-child.ts', import.meta.url).pathname
const isAvailable = openOnednn().available

async function train(engine: Engine, mode: 'kept' | 'flushed'): Promise<Left> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', CHILD, engine, mode])
  return JSON.parse(stdout) as Left
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('a velocity whose gradient stays 0', () => {
  it.each(ENGINES.filter((engine) => engine !== 'onednn' || isAvailable))(
    'ends at 0 where denormal numbers are flushed, and the weights have the same bits: %s',
    async (engine) => {
      const kept = await train(engine, 'kept')
      const flushed = await train(engine, 'flushed')
      expect(kept.isFlushed).toBe(false)
      expect(kept.denormals).toBeGreaterThan(0)
      expect(flushed).toEqual({ isFlushed: true, denormals: 0, weights: kept.weights })
    },
    60_000,
  )
})
