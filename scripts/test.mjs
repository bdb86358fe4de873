// npm test: set-up, then everything that is checked.

import { ensureDependencies, ensureNode, ensureSystem, setQuietEnvironment } from './lib/ensure.mjs'

ensureNode()
setQuietEnvironment()
await ensureDependencies()
await ensureSystem(['onednn', 'redis'])
await import('./check.mjs')
