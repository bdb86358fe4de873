// Starts code of ours as a process: node packages/launch/src/run.mjs apps/api/src/server.ts [ARGUMENT …]
// Its modules become one file at every start, so that there is no step before it and nothing that could be older than the sources.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle } from './bundle.mjs'
import { OWN_CODE } from './own-code.mjs'

const LOADED = fileURLToPath(new URL('loaded.mjs', import.meta.url))

const [, , file] = process.argv
if (file === undefined) throw new Error('usage: node packages/launch/src/run.mjs FILE [ARGUMENT …]')
const main = resolve(file)
let directory = null
const remove = () => directory !== null && rmSync(directory, { recursive: true, force: true })
const end = (_, signal) => process.exit(128 + signal)
const untilLoaded = { exit: remove, SIGINT: end, SIGTERM: end }
for (const [event, listener] of Object.entries(untilLoaded)) process.on(event, listener)
process.once('trainyard:loaded', () => {
  remove()
  for (const [event, listener] of Object.entries(untilLoaded)) process.off(event, listener)
})
directory = mkdtempSync(join(tmpdir(), 'trainyard-'))
await bundle({ main }, directory, [OWN_CODE], [LOADED])
// The code sees the arguments that it would have without us.
process.argv.splice(1, 2, main)
process.setSourceMapsEnabled(true)
await import(pathToFileURL(join(directory, 'main.mjs')).href)
