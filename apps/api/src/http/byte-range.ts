// One range of bytes of a download (RFC 9110, 14). Several ranges at once are answered with the whole, which is allowed.

export interface ResolvedRange {
  readonly start: number
  /** Included. */
  readonly end: number
}

const RANGE = /^bytes=(\d{0,15})-(\d{0,15})$/

/**
 * @returns null: send the whole; 'unsatisfiable': nothing of it exists
 * @example parseRange('bytes=-100', 1000) // { start: 900, end: 999 }
 */
export function parseRange(header: string | undefined, bytes: number): ResolvedRange | 'unsatisfiable' | null {
  const [, first = '', last = ''] = RANGE.exec(header ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') return suffix(Number(last), bytes)
  const start = Number(first)
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1)
  if (last !== '' && Number(last) < start) return null
  return start >= bytes ? 'unsatisfiable' : { start, end }
}

function suffix(length: number, bytes: number): ResolvedRange | 'unsatisfiable' {
  return length === 0 ? 'unsatisfiable' : { start: Math.max(0, bytes - length), end: bytes - 1 }
}
