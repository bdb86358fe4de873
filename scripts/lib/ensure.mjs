// Set-up before anything is installed: plain Node.js without dependencies. Whatever is there already costs no time.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.mjs'
import { installSystemPackages } from './system-packages.mjs'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const NODE_MINIMUM = [20, 19]

export function ensureNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1])) return
  console.error(
    `Trainyard needs Node.js ${NODE_MINIMUM.join('.')} or newer; this is ${process.versions.node}. Get one from https://nodejs.org`,
  )
  process.exit(1)
}

export async function ensureDependencies() {
  const reason = whyStale()
  if (reason === null) return
  console.log(`Installing npm dependencies (${reason}): npm ci`)
  // npm names itself to the scripts it runs; otherwise it is on PATH. No package's own install script runs (see .npmrc).
  const { npm_execpath: npm } = process.env
  const [file, args] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []]
  const code = await run(file, [...args, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: ROOT })
  if (code !== 0) {
    console.error('npm ci failed; see above. Without a network, copy node_modules from a machine that has one.')
    process.exit(1)
  }
}

/** Compares what npm wrote down of the last installation with package-lock.json. */
function whyStale() {
  const installed = readLock(join(ROOT, 'node_modules', '.package-lock.json'))
  if (installed === null) return 'none are installed'
  const wanted = readLock(join(ROOT, 'package-lock.json'))
  for (const [path, { version, link, optional }] of Object.entries(wanted ?? {})) {
    if (path === '' || !path.includes('node_modules/')) continue
    const found = installed[path]
    // Optional packages are of other platforms.
    if (found === undefined ? !optional : found.version !== version || found.link !== link) {
      return `${path.replace(/^.*node_modules\//, '')} ${found?.version ?? 'is missing'}${version ? `, wanted ${version}` : ''}`
    }
  }
  return null
}

function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : null
}

/** What can be had from Debian. `candidates`: the first that the distribution has. */
const SYSTEM_PACKAGES = {
  onednn: {
    candidates: ['libdnnl3.6', 'libdnnl3', 'libdnnl2'],
    what: 'oneDNN, the library that trains fast',
    without: 'training uses the built-in reference backend, which is much slower',
  },
  redis: {
    candidates: ['redis-server'],
    what: 'Redis, the queue of production (run privately; its system service stays off)',
    without: 'the queue uses PostgreSQL, and tests that need Redis are skipped',
  },
  fashionMnist: {
    candidates: ['dataset-fashion-mnist'],
    what: 'Fashion-MNIST, the second dataset of the demo',
    without: 'the demo leaves the transfer to Fashion-MNIST out',
  },
}

/** @param {(keyof typeof SYSTEM_PACKAGES)[]} names */
export async function ensureSystem(names) {
  await installSystemPackages(names.map((name) => SYSTEM_PACKAGES[name]))
}

/** Nothing that we start may wait for a host that does not answer. */
export function setQuietEnvironment() {
  process.env.CHECKPOINT_DISABLE ??= '1'
  process.env.TURBO_TELEMETRY_DISABLED ??= '1'
}
