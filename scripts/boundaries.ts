// Checks the rules of .dependency-cruiser.mjs. Through the library, since the command of dependency-cruiser refuses Node.js 20.

import { cruise, type ICruiseOptions } from 'dependency-cruiser'
import configuration from '../.dependency-cruiser.mjs'

const { forbidden, options } = configuration as unknown as { forbidden: NonNullable<ICruiseOptions['ruleSet']>['forbidden']; options: ICruiseOptions }

const { output, exitCode } = await cruise(['apps', 'packages'], {
  ...options,
  ruleSet: { forbidden: forbidden ?? [] },
  validate: true,
  outputType: 'err-long',
})
if (typeof output === 'string') console.log(output.trim())
process.exitCode = exitCode === 0 ? 0 : 1
