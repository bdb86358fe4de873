// Keys name objects on every kind of storage alike: no segment can leave the directory, hide a file or differ by letter case rules.

import { TrainyardError } from '@trainyard/errors'

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._=-]*$/
/** S3's limit is 1,024 bytes; a prefix needs some of it. */
const LENGTH_MAX = 512
/** Of common file systems: 255 bytes, less what a temporary name adds. */
const SEGMENT_LENGTH_MAX = 200

/** @throws TrainyardError `internal`: keys are made by the service, never by its users. */
export function checkKey(key: string): void {
  const segments = key.split('/')
  if (key.length > LENGTH_MAX || segments.some((segment) => segment.length > SEGMENT_LENGTH_MAX || !SEGMENT.test(segment))) {
    throw new TrainyardError('internal', {
      detail: `storage key ${JSON.stringify(key.slice(0, 2 * SEGMENT_LENGTH_MAX))} is not a path of segments like datasets/v1/train-0.safetensors`,
      hint: `Use at most ${LENGTH_MAX} letters, digits, "_", "-", "=" and "."; a segment must not begin with "." or "-".`,
    })
  }
}

/** A prefix is empty or a key that ends in a slash. */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return
  checkKey(prefix.endsWith('/') ? prefix.slice(0, -1) : `${prefix} (a prefix ends with a slash)`)
}

export function missing(key: string, cause?: unknown): TrainyardError {
  return new TrainyardError('not_found', { detail: `storage has no object "${key}"`, cause })
}
