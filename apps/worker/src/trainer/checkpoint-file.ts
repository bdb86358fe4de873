// Writing a file so that, whatever happens, the name has the old content or the new one: temporary name, fsync, rename, fsync of the
// directory.

import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface WrittenFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

export async function writeFileDurably(path: string, chunks: readonly Uint8Array[]): Promise<WrittenFile> {
  const temporary = `${path}.tmp`
  const hash = createHash('sha256')
  let bytes = 0
  try {
    const file = await open(temporary, 'w')
    try {
      for (const chunk of chunks) {
        await file.writeFile(chunk)
        hash.update(chunk)
        bytes += chunk.byteLength
      }
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    // What was written takes the space that the next attempt needs.
    await rm(temporary, { force: true })
    throw error
  }
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
  return { path, bytes, sha256: hash.digest('hex') }
}
