// Identifiers: UUIDv7 behind a typed prefix, in lower-case Crockford base32, so that ids sort by creation time.

import { randomBytes } from 'node:crypto'
import { z } from 'zod'

/** Resource → prefix of its ids on the wire. */
export const ID_PREFIXES = {
  project: 'prj',
  api_key: 'key',
  dataset: 'ds',
  dataset_version: 'dsv',
  upload: 'upl',
  model: 'mdl',
  job: 'job',
  run: 'run',
  attempt: 'att',
  event: 'evt',
  checkpoint: 'ckpt',
} as const

export type IdKind = keyof typeof ID_PREFIXES

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const LENGTH = 26

/**
 * A new UUIDv7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, 74 random bits. Ids made within one millisecond are not ordered
 * among each other.
 * @example newUuid() // '019ab3c2-…'
 */
export function newUuid(now = Date.now()): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = 0x70 | (bytes.readUInt8(6) & 0x0f)
  bytes[8] = 0x80 | (bytes.readUInt8(8) & 0x3f)
  return formatUuid(bytes.toString('hex'))
}

/**
 * @example toWireId('run', '019ab3c2-…') // 'run_01kanw5…'
 */
export function toWireId<K extends IdKind>(kind: K, uuid: string): string {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`)
  let text = ''
  for (let i = 0; i < LENGTH; i++) {
    text = ALPHABET.charAt(Number(value & 31n)) + text
    value >>= 5n
  }
  return `${ID_PREFIXES[kind]}_${text}`
}

/** The UUID of a wire id, or null when it is not a well-formed id of that kind. */
export function fromWireId(kind: IdKind, id: string): string | null {
  const prefix = `${ID_PREFIXES[kind]}_`
  if (!id.startsWith(prefix) || id.length !== prefix.length + LENGTH) return null
  let value = 0n
  for (const letter of id.slice(prefix.length)) {
    const digit = ALPHABET.indexOf(letter)
    if (digit < 0) return null
    value = (value << 5n) | BigInt(digit)
  }
  if (value >> 128n !== 0n) return null
  return formatUuid(value.toString(16).padStart(32, '0'))
}

/** Schema of a wire id of one kind. It stays a string on the wire and in the OpenAPI document. */
export function idSchema(kind: IdKind) {
  return z
    .string()
    .regex(new RegExp(`^${ID_PREFIXES[kind]}_[0-7][${ALPHABET}]{25}$`), `expected an id like ${ID_PREFIXES[kind]}_…`)
    .meta({ description: `Id of a ${kind.replace('_', ' ')}.`, examples: [`${ID_PREFIXES[kind]}_01kasefe5r7x3b9n2m4p6q8s0t`] })
}

function formatUuid(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
