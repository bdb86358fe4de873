import { describe, expect, it } from 'vitest'
import { fromWireId, idSchema, newUuid, toWireId } from './ids.ts'

describe('ids', () => {
  it('are UUIDv7 with the time in front (RFC 9562, appendix A.6)', () => {
    expect(newUuid(0x017f22e279b0)).toMatch(/^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('encode as 26 Crockford digits, the value by hand', () => {
    expect(toWireId('run', '00000000-0000-0000-0000-000000000021')).toBe('run_00000000000000000000000011')
    expect(toWireId('job', 'ffffffff-ffff-ffff-ffff-ffffffffffff')).toBe('job_7zzzzzzzzzzzzzzzzzzzzzzzzz')
  })

  it('survive the way out and back, and sort by time', () => {
    const ids = Array.from({ length: 200 }, (_, i) => newUuid(1_700_000_000_000 + i))
    expect(ids.map((id) => fromWireId('run', toWireId('run', id)))).toEqual(ids)
    const wire = ids.map((id) => toWireId('run', id))
    expect([...wire].sort()).toEqual(wire)
    expect(wire.every((id) => idSchema('run').safeParse(id).success)).toBe(true)
  })

  it.each(['', 'run_', 'job_00000000000000000000000011', 'run_0000000000000000000000001u', 'run_8zzzzzzzzzzzzzzzzzzzzzzzzz', 'run_000'])(
    'refuse %j',
    (id) => {
      expect(fromWireId('run', id)).toBeNull()
      expect(idSchema('run').safeParse(id).success).toBe(false)
    },
  )
})
