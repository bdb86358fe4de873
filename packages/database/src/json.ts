// JSON columns. They are written only by this package from values of the named types, so that reading them back is a cast and not
// another validation of every row.

import { Prisma } from './generated/client.ts'

export function fromJson<T>(value: Prisma.JsonValue): T {
  return value as T
}

export function toJson(value: unknown): Prisma.InputJsonValue {
  return value as Prisma.InputJsonValue
}

/** null becomes the column's NULL, not the JSON value null. */
export function toJsonOrNull(value: unknown): Prisma.InputJsonValue | typeof Prisma.DbNull {
  return value === null || value === undefined ? Prisma.DbNull : toJson(value)
}
