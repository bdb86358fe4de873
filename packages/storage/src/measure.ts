// Counts and hashes what flows through, without a copy.

import { createHash } from 'node:crypto'
import type { PutOptions, StoredObject } from './object-storage.ts'

export interface Measure {
  readonly stream: AsyncIterable<Uint8Array>
  /** After the stream has ended. */
  result(): StoredObject
}

export function measure(source: AsyncIterable<Uint8Array>, { signal, mayCommit }: PutOptions = {}): Measure {
  const hash = createHash('sha256')
  let bytes = 0
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      signal?.throwIfAborted()
      hash.update(chunk)
      bytes += chunk.byteLength
      yield chunk
    }
    signal?.throwIfAborted()
    requireCommit(mayCommit)
  }
  return { stream: pass(), result: () => ({ bytes, sha256: hash.digest('hex') }) }
}

/** @throws Error when the object is not wanted any more */
export function requireCommit(mayCommit: PutOptions['mayCommit']): void {
  if (mayCommit?.() === false) throw new Error('the object is not wanted any more')
}
