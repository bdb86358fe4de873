import { describe, expect, it } from 'vitest'
import { openOnednn } from './index.ts'

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
})
