// Checks the rules of .dependency-cruiser.mjs. Through the library, since the command of dependency-cruiser refuses Node.js 20.

import { cruise, type ICruiseOptions } from 'dependency-cruiser'

interface Configuration {
  readonly forbidden: NonNullable<NonNullable<ICruiseOptions['ruleSet']>['forbidden']>
  readonly options: ICruiseOptions
}

const file = new URL('../.dependency-cruiser.mjs', import.meta.url).href
const { forbidden, options } = ((await import(file)) as { default: Configuration }).default

const { output, exitCode } = await cruise(['apps', 'packages'], {
  ...options,
  ruleSet: { forbidden },
  validate: true,
  outputType: 'err-long',
})
if (typeof output === 'string') console.log(output.trim())
process.exitCode = exitCode === 0 ? 0 : 1
