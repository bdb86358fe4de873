// The bytes of a text file in UTF-8, without byte order mark, unpacked where they are gzip.

import type { ReadOptions } from '@trainyard/contracts'
import type { PrepareLimits } from '../limits.ts'
import type { ByteReader } from './byte-reader.ts'
import { countedReader } from './memory-reader.ts'
import { type DataSource, openSource } from './source.ts'
import { utf8Chunks } from './text-encoding.ts'

export async function openText(
  source: DataSource,
  options: ReadOptions,
  limits: PrepareLimits,
  signal: AbortSignal | undefined,
): Promise<ByteReader> {
  const { reader } = await openSource(source, limits, signal)
  return countedReader(closing(reader, utf8Chunks(reader, options.encoding)), signal)
}

async function* closing(reader: ByteReader, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } finally {
    await reader.close()
  }
}
