import { describe, expect, it } from 'vitest'
import { openOnednn } from './index.ts'

/** What the library may use, by the names of its own variable (vitest.config.ts sets it); empty: all that the machine has. */
const WITHIN: Readonly<Record<string, readonly string[]>> = {
  SSE41: ['sse41'],
  AVX: ['sse41', 'avx'],
  AVX2: ['sse41', 'avx', 'avx2'],
}
const within = WITHIN[process.env.ONEDNN_MAX_CPU_ISA ?? '']

describe('openOnednn', () => {
  it('says what is missing and what to install', () => {
    const opened = openOnednn('/nowhere/libdnnl.so.2')
    expect(opened).toMatchObject({ available: false })
    if (opened.available) return
    expect(opened.reason).toContain('/nowhere/libdnnl.so.2')
    expect(opened.hint).toContain('apt-get install libdnnl2')
    expect(opened.hint).toContain('brew install onednn')
  })

  it('refuses a library that is not oneDNN', () => {
    const opened = openOnednn('libc.so.6')
    expect(opened).toMatchObject({ available: false })
    if (!opened.available) expect(opened.reason).toContain('libc.so.6')
  })

  it.runIf(within !== undefined)('computes with no wider instructions than it may', () => {
    const opened = openOnednn()
    if (!opened.available) throw new Error(opened.reason)
    expect(within).toContain(opened.backend.version.split(' ').at(-1))
  })
})
