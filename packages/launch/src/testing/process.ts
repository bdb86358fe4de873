// A process for the tests: node run.mjs process.ts FIRST_ARGUMENT [exit|signal]. It prints what it knows of itself when all is loaded.

import { setTimeout as sleep } from 'node:timers/promises'
import { told } from './told.ts'

const [first, ending] = process.argv.slice(2)
if (ending === 'exit') process.exit(3)
if (ending === 'signal') process.kill(process.pid, 'SIGTERM')
setTimeout(() => process.stdout.write(JSON.stringify({ first, main: process.argv[1], ...told() })), 50)
await sleep(1)
