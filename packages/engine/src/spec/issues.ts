// From what a zod schema says to issues that a person can act on. All mistakes at once, each with what was expected and how to fix it.

import type { Issue } from '@trainyard/errors'
import { z } from 'zod'
import { schemaAt } from './schema-at.ts'
import { suggest } from './suggest.ts'

type ZodIssue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly Issue[] }

/** Issues in one answer; more than a person reads helps nobody. */
export const ISSUES_MAX = 100

/**
 * Parses with a schema and reports every mistake.
 * @param prefix path of the value in what the user sent: `training`
 * @example parseWithIssues(trainingConfigSchema, body.training, 'training')
 */
export function parseWithIssues<S extends z.ZodType>(schema: S, value: unknown, prefix = ''): Parsed<z.output<S>> {
  const result = schema.safeParse(value)
  if (result.success) return { ok: true, value: result.data }
  const issues = result.error.issues.slice(0, ISSUES_MAX + 1).flatMap((issue) => describe(issue, schema, value, [], prefix))
  return { ok: false, issues: limitIssues(issues) }
}

/** The first hundred issues, and that there are more. */
export function limitIssues(issues: readonly Issue[]): readonly Issue[] {
  if (issues.length <= ISSUES_MAX) return issues
  const rest = { path: '', code: 'more_issues', message: `There are more mistakes than these ${ISSUES_MAX}.`, hint: 'Correct these first.' }
  return [...issues.slice(0, ISSUES_MAX), rest]
}

/** @example formatPath('model', ['layers', 3, 'kernel']) // 'model.layers[3].kernel' */
export function formatPath(prefix: string, path: Path): string {
  let text = prefix
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[A-Za-z_][\w-]*$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`
    else text += `[${JSON.stringify(String(key).slice(0, 64))}]`
  }
  return text
}

/** @example join('model', 'layers[0]') // 'model.layers[0]' */
export function join(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}

/** A value as text for a message: short, quoted where it is text. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 ? `"${value.slice(0, 37)}…"` : JSON.stringify(value)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return String(value)
  if (Array.isArray(value)) {
    const isShort = value.length <= 4 && value.every((item) => typeof item === 'number')
    return isShort ? `[${value.join(', ')}]` : `a list of ${value.length}`
  }
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

const EXPECTED: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = (at as Record<PropertyKey, unknown>)[key]
  }
  return at
}

function describe(issue: ZodIssue, schema: z.ZodType, input: unknown, base: Path, prefix: string): Issue[] {
  const path = [...base, ...issue.path]
  const where = formatPath(prefix, path)
  const value = valueAt(input, path)
  const one = (code: string, message: string, hint: string): Issue[] => [{ path: where, code, message, hint }]
  const name = path.length === 0 ? 'the value' : `"${String(path.at(-1))}"`

  if (issue.code === 'unrecognized_keys') {
    const here = schemaAt(schema, path, input)
    const known = here instanceof z.ZodObject ? Object.keys(here.shape) : []
    return issue.keys.slice(0, ISSUES_MAX + 1).map((key) => ({
      path: formatPath(prefix, [...path, key]),
      code: 'unknown_key',
      message: `${show(key)} is no field here.`,
      hint: suggest(key, known, 'fields'),
    }))
  }
  if (issue.code === 'invalid_union') {
    if (issue.discriminator !== undefined && issue.errors.length === 0) {
      // zod sends the known values along, but its type does not say so.
      const known = ((issue as { readonly options?: readonly unknown[] }).options ?? []).map(String)
      if (value === undefined) return one('missing', `${name} is missing. Expected one of: ${known.join(', ')}.`, 'Add it.')
      if (typeof value !== 'string')
        return one('wrong_type', `${name} is ${show(value)}. Expected one of: ${known.join(', ')}.`, 'Use one of these.')
      return one('unknown_type', `${show(value)} is no known ${name.replaceAll('"', '')}.`, suggest(value, known, 'types'))
    }
    return describeUnion(issue.errors, schema, input, path, prefix)
  }
  if (issue.code === 'invalid_type') return describeType(issue, name, value, one)
  if (issue.code === 'too_small' || issue.code === 'too_big') return describeBound(issue, name, value, one)
  if (issue.code === 'invalid_value') {
    const known = issue.values.map(String)
    if (value === undefined) return one('missing', `${name} is missing. Expected ${known.join(', ')}.`, `Add it.`)
    const hint = typeof value === 'string' ? suggest(value, known, 'values') : `Use ${known.join(' or ')}.`
    return one('unknown_value', `${name} is ${show(value)}. Expected ${known.length > 1 ? 'one of: ' : ''}${known.join(', ')}.`, hint)
  }
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'expected another name'
    return one('wrong_format', `The name ${show(path.at(-1))} does not fit: ${reason}.`, 'Rename it.')
  }
  if (issue.code === 'custom') {
    const { code = 'invalid', hint = 'Correct the value.' } = (issue.params ?? {}) as { code?: string; hint?: string }
    return one(code, issue.message, hint)
  }
  return one('wrong_format', `${name} is ${show(value)}: ${issue.message}.`, 'Correct the value.')
}

type One = (code: string, message: string, hint: string) => Issue[]

function describeType(issue: z.core.$ZodIssueInvalidType, name: string, value: unknown, one: One): Issue[] {
  const expected = EXPECTED[issue.expected] ?? issue.expected
  if (value === undefined) return one('missing', `${name} is missing. Expected ${expected}.`, `Add ${name}.`)
  if (typeof value === 'number' && !Number.isFinite(value))
    return one('not_finite', `${name} is ${value}. Expected ${expected}.`, 'Use a finite number.')
  if (typeof value === 'number' && issue.expected === 'int') {
    return one('not_a_whole_number', `${name} is ${value}. Expected a whole number.`, `Use ${Math.round(value)}.`)
  }
  const isNumberAsText = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
  const hint = isNumberAsText && issue.expected !== 'string' ? 'Remove the quotes.' : `Use ${expected}.`
  return one('wrong_type', `${name} is ${show(value)}. Expected ${expected}.`, hint)
}

function describeBound(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig, name: string, value: unknown, one: One): Issue[] {
  const isSmall = issue.code === 'too_small'
  const bound = isSmall ? issue.minimum : issue.maximum
  const isNumber = issue.origin === 'number' || issue.origin === 'int' || issue.origin === 'bigint'
  const unit = issue.origin === 'string' ? ' characters' : ' entries'
  const size = isNumber ? show(value) : `${(value as { length?: number } | undefined)?.length ?? 0}${unit}`
  const relation = isSmall ? (issue.inclusive === false ? 'more than' : 'at least') : issue.inclusive === false ? 'less than' : 'at most'
  const expected = `${relation} ${bound}${isNumber ? '' : unit}`
  return one(
    isSmall ? 'too_small' : 'too_large',
    `${name} ${isNumber ? 'is' : 'has'} ${size}. Expected ${expected}.`,
    `Use ${isNumber ? 'a value of ' : ''}${expected}.`,
  )
}

/** Reports the alternative that the value was meant for: the one whose own type fits; else names all of them. */
function describeUnion(branches: readonly (readonly ZodIssue[])[], schema: z.ZodType, input: unknown, path: Path, prefix: string): Issue[] {
  const value = valueAt(input, path)
  // NaN and fractions are numbers that were meant.
  const isOtherType = (expected: string) => expected !== 'int' && !(expected === 'number' && typeof value === 'number')
  const fits = (issues: readonly ZodIssue[]) =>
    !issues.some((issue) => issue.path.length === 0 && issue.code === 'invalid_type' && isOtherType(issue.expected)) &&
    !issues.some((issue) => issue.path.length === 0 && issue.code === 'invalid_value' && typeof value !== 'string')
  const [meant] = branches.filter(fits).sort((a, b) => a.length - b.length)
  if (meant !== undefined) return meant.flatMap((issue) => describe(issue, schema, input, path, prefix))
  const expected = branches.flat().flatMap((issue) => {
    if (issue.code === 'invalid_type') return [EXPECTED[issue.expected] ?? issue.expected]
    if (issue.code === 'invalid_value') return issue.values.map((known) => JSON.stringify(known))
    return []
  })
  const all = [...new Set(expected)].join(', ')
  return [
    {
      path: formatPath(prefix, path),
      code: value === undefined ? 'missing' : 'wrong_type',
      message: `"${String(path.at(-1) ?? 'the value')}" is ${value === undefined ? 'missing' : show(value)}. Expected one of: ${all}.`,
      hint: 'Use one of these.',
    },
  ]
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
