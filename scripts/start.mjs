// npm start: set-up, then the service in the foreground, in this very process (so that signals have no one to pass).

import { ensureDependencies, ensureNode, ensureSystem, ROOT, setQuietEnvironment } from './lib/ensure.mjs'

ensureNode()
setQuietEnvironment()
await ensureDependencies()
await ensureSystem(['onednn'])
process.chdir(ROOT)
const { register } = await import('tsx/esm/api')
register()
await import('../packages/local/src/cli/start.ts')
