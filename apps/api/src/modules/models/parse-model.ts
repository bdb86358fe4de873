// Bodies that carry a specification: the mistakes of the envelope and those of the model, at once.

import { idSchema } from '@trainyard/contracts'
import { type ModelSpec, type Parsed, parseWithIssues, validateModelSpec } from '@trainyard/engine/spec'
import type { Issue } from '@trainyard/errors'
import { z } from 'zod'

const modelIdSchema = idSchema('model')

/** A specification, at that path of the body. */
export function parseSpec(value: unknown, path: string): Parsed<ModelSpec> {
  if (value === undefined) {
    const hint = 'Example: {"version": 1, "preset": {"name": "lenet5"}}.'
    return { ok: false, issues: [{ path, code: 'missing', message: `"${path}" is missing. Expected a model specification.`, hint }] }
  }
  const result = validateModelSpec(value, { path })
  return result.ok ? { ok: true, value: result.spec } : result
}

/** A specification, or the id of a stored model. */
export function parseModelReference(value: unknown, path: string): Parsed<ModelSpec | string> {
  return typeof value === 'string' ? parseWithIssues(modelIdSchema, value, path) : parseSpec(value, path)
}

type Parts = Readonly<Record<string, (value: unknown, path: string) => Parsed<unknown>>>

/**
 * Parses some fields of an object by functions of their own and the rest by its schema.
 * @example parseParts(createModelSchema, body, { spec: parseSpec })
 */
export function parseParts<S extends z.ZodObject>(schema: S, body: unknown, parts: Parts): Parsed<z.output<S>> {
  const names = Object.keys(parts)
  const fields = isRecord(body) ? body : {}
  const anything = Object.fromEntries(names.map((name) => [name, z.unknown().optional()]))
  const envelope = parseWithIssues(schema.safeExtend(anything), body)
  if (!isRecord(body)) return envelope as Parsed<z.output<S>>
  const parsed = names.map((name) => [name, parts[name]?.(Object.hasOwn(fields, name) ? fields[name] : undefined, name)] as const)
  const issues: Issue[] = envelope.ok ? [] : [...envelope.issues]
  const values: Record<string, unknown> = {}
  for (const [name, result] of parsed) {
    if (result?.ok === false) issues.push(...result.issues)
    else values[name] = result?.value
  }
  if (!envelope.ok || issues.length > 0) return { ok: false, issues }
  return { ok: true, value: { ...(envelope.value as object), ...values } as z.output<S> }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
