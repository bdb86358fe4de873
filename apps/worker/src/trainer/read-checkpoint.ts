// A granted checkpoint.

import { readFile } from 'node:fs/promises'
import type { GrantedFile } from '@trainyard/contracts'
import { type Checkpoint, decodeCheckpoint } from '@trainyard/engine/train'

export async function readCheckpoint(file: GrantedFile | null): Promise<Checkpoint | null> {
  return file === null ? null : decodeCheckpoint(await readFile(file.path))
}
