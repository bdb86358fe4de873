// A bounded part of the campaign in docs/reports, with another seed: whatever the bytes, a reader gives rows or a typed error.

import { describe, expect, it } from 'vitest'
import { runCampaign } from './campaign.ts'
import { makeParser, PARSERS, type ParserName } from './parsers.ts'

/** Decoding a picture and opening an archive cost more than parsing a line. */
const INPUTS: { readonly [P in ParserName]: number } = {
  csv: 3000,
  jsonl: 3000,
  idx: 3000,
  gzip: 1000,
  npy: 3000,
  npz: 1000,
  safetensors: 3000,
  parquet: 3000,
  zip: 500,
  tar: 500,
  png: 1000,
  jpeg: 1000,
  webp: 1000,
}

describe('28 to 31: mutated files', () => {
  it.each(PARSERS)('%s: no crash, no hang, no unbounded memory', async (name) => {
    const parser = await makeParser(name)
    const { findings, rows, problems, refused } = await runCampaign(parser, { name, seed: 20261125, inputs: INPUTS[name] })
    expect(findings).toEqual([])
    // The mutations are neither all harmless nor all fatal: the code behind the checks is reached.
    expect(rows + problems).toBeGreaterThan(INPUTS[name] / 100)
    expect(Object.values(refused).reduce((sum, count) => sum + count, 0) + problems).toBeGreaterThan(INPUTS[name] / 100)
  })

  it('finds a parser that crashes', async () => {
    const broken = {
      seeds: [Buffer.from('abc')],
      dictionary: ['x'],
      run: async (bytes: Buffer) => {
        if (bytes.includes('x')) throw new RangeError('out of bounds')
        return 'rows' as const
      },
    }
    const { findings, findingCount } = await runCampaign(broken, { name: 'csv', seed: 1, inputs: 200 })
    expect(findingCount).toBeGreaterThan(10)
    expect(findings[0]).toMatchObject({ kind: 'crash', detail: expect.stringContaining('out of bounds') })
  })
})
