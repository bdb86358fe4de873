// Reads an environment against a schema and reports every mistake at once, each with the variable, its value and the remedy.

import type { Issue } from '@trainyard/errors'
import type { z } from 'zod'

export type Environment = Readonly<Record<string, string | undefined>>

/** Never shown, since it may hold a password. */
const SECRET = /URL|KEY|SECRET|PASSWORD|TOKEN/

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly issues: readonly Issue[]

  constructor(issues: readonly Issue[]) {
    const lines = issues.map(({ path, message, hint }) => `  ${path}: ${message}. ${hint}`)
    super(`the environment has ${issues.length === 1 ? 'a mistake' : `${issues.length} mistakes`}:\n${lines.join('\n')}`)
    this.issues = issues
  }
}

/** @throws ConfigError with every mistake. An empty variable counts as unset. */
export function readEnvironment<T extends z.ZodObject>(schema: T, environment: Environment): z.output<T> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''))
  const { success, data, error } = schema.safeParse(given)
  if (success) return data
  throw new ConfigError(
    error.issues.map((issue) => {
      const name = String(issue.path[0] ?? '')
      const value = given[name]
      const shown = value === undefined ? 'not set' : SECRET.test(name) ? 'set, but not usable' : JSON.stringify(value)
      return {
        path: name,
        code: value === undefined ? 'missing' : 'invalid',
        message: `${shown} (${issue.message})`,
        hint: `Expected: ${schema.shape[name]?.description ?? 'see the README'}`,
      }
    }),
  )
}
