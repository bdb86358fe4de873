// Counts and hashes what flows through, without a copy.

import { createHash } from 'node:crypto'
import { TrainyardError } from '@trainyard/errors'
import type { PutOptions, StoredObject } from './object-storage.ts'

export interface Measure {
  readonly stream: AsyncIterable<Uint8Array>
  /** After the stream has ended. */
  result(): StoredObject
}

export function measure(source: AsyncIterable<Uint8Array>, { signal, mayCommit, sha256: expected }: PutOptions = {}): Measure {
  const hash = createHash('sha256')
  let bytes = 0
  let sha256 = ''
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      signal?.throwIfAborted()
      hash.update(chunk)
      bytes += chunk.byteLength
      yield chunk
    }
    signal?.throwIfAborted()
    sha256 = hash.digest('hex')
    if (expected !== undefined && sha256 !== expected) throw otherContent(bytes, sha256, expected)
    requireCommit(mayCommit)
  }
  return { stream: pass(), result: () => ({ bytes, sha256 }) }
}

/** @throws Error when the object is not wanted any more */
export function requireCommit(mayCommit: PutOptions['mayCommit']): void {
  if (mayCommit?.() === false) throw new Error('the object is not wanted any more')
}

function otherContent(bytes: number, sha256: string, expected: string): TrainyardError {
  const detail = `The ${bytes} bytes to be stored have the SHA-256 ${sha256.slice(0, 12)}…; expected ${expected.slice(0, 12)}….`
  return new TrainyardError('internal', { detail, hint: 'If it happens again, check the disk that they were read from.' })
}
