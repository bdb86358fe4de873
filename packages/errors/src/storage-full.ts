// Whether a disk had no space left, as the operating system or the storage says it.

import { TrainyardError } from './trainyard-error.ts'

/** ENOSPC, or the quota of a user (EDQUOT), or `storage_full` of the catalogue. */
export function isStorageFull(error: unknown): boolean {
  if (error instanceof TrainyardError) return error.code === 'storage_full'
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT'
}
