import { describe, expect, it } from 'vitest'
import { decompressPage } from './decompress.ts'

/** Token (lengths of literals and of the match minus 4), literals, distance: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
const lz4 = (packed: readonly (number | string)[], bytes: number) => {
  const block = Buffer.concat(packed.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))))
  return Buffer.from(decompressPage(block, 'lz4_raw', bytes)).toString()
}

describe('an LZ4 block', () => {
  it('is literals and matches, which may run into what they write', () => {
    expect(lz4([0x50, 'plain'], 5)).toBe('plain')
    expect(lz4([0x32, 'abc', 3, 0, 0x10, '!'], 10)).toBe('abcabcabc!')
    expect(lz4([0x10 + 15, 'a', 1, 0, 255, 3, 0x10, '.'], 1 + 4 + 15 + 255 + 3 + 1)).toBe(`${'a'.repeat(278)}.`)
    expect(lz4([0xf0, 2, 'seventeen letters'], 17)).toBe('seventeen letters')
  })

  it('is refused where it ends early, reaches before its beginning, or unpacks to another size than is declared', () => {
    const bad = 'damaged lz4 data'
    expect(() => lz4([0x50, 'plai'], 5)).toThrow(bad)
    expect(() => lz4([0xf0, 255], 400)).toThrow(bad)
    expect(() => lz4([0x30, 'abc', 3], 10)).toThrow(bad)
    expect(() => lz4([0x30, 'abc', 0, 0, 0x10, '!'], 8)).toThrow(bad)
    expect(() => lz4([0x30, 'abc', 4, 0, 0x10, '!'], 8)).toThrow(bad)
    expect(() => lz4([0x3f, 'abc', 1, 0, 255, 255, 255, 0], 100)).toThrow(bad)
    expect(() => lz4([0x50, 'plain'], 4)).toThrow(bad)
    expect(() => lz4([0x50, 'plain'], 6)).toThrow(bad)
  })
})
