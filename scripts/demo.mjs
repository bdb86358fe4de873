// npm run demo: set-up, then the demo, which is a user of the service.

import { ensureDependencies, ensureNode, ensureSystem, ROOT, setQuietEnvironment } from './lib/ensure.mjs'
import { run } from './lib/run.mjs'

ensureNode()
setQuietEnvironment()
await ensureDependencies()
await ensureSystem(['onednn', 'fashionMnist'])
process.exitCode = await run(process.execPath, ['--import', 'tsx', 'demo/main.ts', ...process.argv.slice(2)], { cwd: ROOT })
