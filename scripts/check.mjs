// npm run check: all that CI runs, in the same order. The static checks go through turbo, which keeps the result of one whose files did not
// change; tests always run. A failure does not stop the rest, so that one run tells everything.

import { ROOT } from './lib/ensure.mjs'
import { run } from './lib/run.mjs'

const STATIC = ['lint', 'typecheck', 'boundaries', 'containers', 'generated']

const failed = []
await step('static checks', 'turbo', ['run', ...STATIC, '--continue', '--concurrency=2', '--output-logs=new-only', '--cache=local:rw'])
await step('tests', 'vitest', ['run', ...process.argv.slice(2)])
if (failed.length > 0) {
  console.error(`\nfailed: ${failed.join(', ')}. Alone: npm run ${STATIC.join(', npm run ')}, npm run test:vitest`)
  process.exitCode = 1
}

async function step(name, command, args) {
  console.log(`\n── ${name}`)
  const env = { ...process.env, PATH: `${ROOT}/node_modules/.bin:${process.env.PATH ?? ''}` }
  if ((await run(command, args, { cwd: ROOT, env })) !== 0) failed.push(name)
}
