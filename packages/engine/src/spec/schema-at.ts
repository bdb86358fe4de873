// Finds the part of a zod schema that a path of a value leads to. Knows the kinds of schemas that our contracts use.

import { z } from 'zod'

/** The schema at `path`, following the alternatives that `value` chose; null where the path leads out of what is known. */
export function schemaAt(schema: z.ZodType, path: readonly PropertyKey[], value: unknown): z.ZodType | null {
  let at: z.ZodType | null = unwrap(schema, value)
  let here = value
  for (const key of path) {
    here = typeof here === 'object' && here !== null ? (here as Record<PropertyKey, unknown>)[key] : undefined
    at = child(at, key)
    if (at === null) return null
    at = unwrap(at, here)
  }
  return at
}

function child(schema: z.ZodType, key: PropertyKey): z.ZodType | null {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, z.ZodType>)[key] ?? null
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType
  if (schema instanceof z.ZodTuple) return (schema._zod.def.items[Number(key)] as z.ZodType | undefined) ?? null
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType
  return null
}

function unwrap(schema: z.ZodType, value: unknown): z.ZodType {
  let at = schema
  while (at instanceof z.ZodOptional || at instanceof z.ZodNullable || at instanceof z.ZodDefault || at instanceof z.ZodPrefault) {
    at = at.unwrap() as z.ZodType
  }
  if (!(at instanceof z.ZodUnion)) return at
  const options = (at.options as readonly z.ZodType[]).map((option) => unwrap(option, value))
  const fitting = options.find((option) => fitsLiterals(option, value))
  return fitting ?? at
}

/** Whether all literals of an object schema (its discriminators) equal those of the value. */
function fitsLiterals(schema: z.ZodType, value: unknown): boolean {
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null) return false
  return Object.entries(schema.shape as Record<string, z.ZodType>).every(
    ([key, field]) => !(field instanceof z.ZodLiteral) || field.values.has((value as Record<string, unknown>)[key] as never),
  )
}
