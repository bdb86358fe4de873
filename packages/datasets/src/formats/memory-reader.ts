// A reader of bytes that are in memory already.

import { ByteReader } from './byte-reader.ts'

export function memoryReader(bytes: Uint8Array): ByteReader {
  async function* once(): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return countedReader(once())
}

/** A reader over bytes that are counted where they come from. */
export function countedReader(bytes: AsyncIterable<Uint8Array>, signal?: AbortSignal): ByteReader {
  return new ByteReader(bytes, {
    signal,
    bytesMax: Number.POSITIVE_INFINITY,
    onTooLarge: () => {
      throw new Error('there is no bound to exceed')
    },
  })
}
