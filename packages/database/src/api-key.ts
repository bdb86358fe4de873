// The secret of an API key: `ty_` + 160 random bits + a checksum, so that a mistyped key is refused without a query and a leaked one is
// recognized by scanners. Only its SHA-256 is stored: with 160 random bits there is nothing to guess, so that a slow hash adds nothing.

import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

const PREFIX = 'ty_'
const SECRET_BYTES = 20
/** Of crc32, in base 36. */
const CHECKSUM_LENGTH = 7
const SHAPE = /^ty_[0-9a-f]{40}[0-9a-z]{7}$/

/** Letters of a key that may be shown: prefix and 32 of its 160 bits. */
const SHOWN_LENGTH = PREFIX.length + 8

export interface ApiKeySecret {
  /** Shown once, never stored. */
  readonly key: string
  /** What people recognize it by. */
  readonly prefix: string
  readonly digest: Uint8Array<ArrayBuffer>
}

export function createApiKeySecret(): ApiKeySecret {
  const body = `${PREFIX}${randomBytes(SECRET_BYTES).toString('hex')}`
  const key = body + checksum(body)
  return { key, prefix: key.slice(0, SHOWN_LENGTH), digest: digestApiKey(key) }
}

/** Whether the text can be a key at all: its shape and checksum are right. */
export function isWellFormedApiKey(key: string): boolean {
  return SHAPE.test(key) && checksum(key.slice(0, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH)
}

export function digestApiKey(key: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(key).digest())
}

function checksum(body: string): string {
  return crc32(body).toString(36).padStart(CHECKSUM_LENGTH, '0')
}
