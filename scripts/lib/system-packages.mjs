// Debian packages: installed when missing and when there is the right to, named otherwise.

import { spawnSync } from 'node:child_process'

/** @param {{candidates: string[], what: string, without: string}[]} wanted */
export async function installSystemPackages(wanted) {
  const missing = wanted.filter(({ candidates }) => !candidates.some(isInstalled))
  if (missing.length === 0) return
  if (!succeeds('apt-get', ['--version'])) {
    for (const { what, without } of missing) console.log(`There is no apt-get here to install ${what}: ${without}.`)
    return
  }
  const prefix = process.getuid?.() === 0 ? [] : succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null

  if (prefix !== null && missing.some((entry) => choose(entry) === null)) {
    console.log('Reading the list of system packages: apt-get update')
    execute([...prefix, 'apt-get', 'update', '-q'], { quiet: true })
  }
  const names = []
  for (const entry of missing) {
    const name = choose(entry)
    if (name === null && prefix !== null) console.log(`The distribution has no ${entry.candidates.join(' or ')}: ${entry.without}.`)
    else if (prefix === null) {
      console.log(
        `Without the right to install ${entry.what}: ${entry.without}. To have it:\n  sudo apt-get install ${name ?? entry.candidates[0]}`,
      )
    } else {
      console.log(`Installing ${entry.what}: apt-get install ${name}`)
      names.push(name)
    }
  }
  if (names.length === 0) return
  if (execute([...prefix, 'sh', '-c', INSTALL, 'sh', ...names], { quiet: true })) return
  for (const entry of missing)
    if (!entry.candidates.some(isInstalled)) console.log(`${entry.candidates[0]} could not be installed: ${entry.without}.`)
}

/**
 * policy-rc.d is how Debian is told not to start services; one that an administrator made stays as it is. What a package would start at the next
 * boot is turned off too, for a service that this brought and nobody asked to run.
 */
const INSTALL = `
if [ ! -e /usr/sbin/policy-rc.d ]; then
  printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "$@" || exit 1
for name in "$@"; do
  if [ "$name" = redis-server ] && command -v systemctl >/dev/null; then systemctl disable redis-server >/dev/null 2>&1 || true; fi
done
`

function isInstalled(name) {
  return /^Status: install ok installed$/m.test(spawnSync('dpkg', ['-s', name], { encoding: 'utf8' }).stdout ?? '')
}

/** The first candidate that apt knows a version of. */
function choose({ candidates }) {
  return (
    candidates.find((name) =>
      /Candidate: (?!\(none\))/.test(
        spawnSync('apt-cache', ['policy', name], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } }).stdout,
      ),
    ) ?? null
  )
}

const succeeds = (file, args) => spawnSync(file, args, { stdio: 'ignore' }).status === 0

/** Output is shown when it fails. */
function execute([file, ...args], { quiet }) {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 })
  if (status !== 0 && quiet) console.error(`${stdout}${stderr}`.trimEnd().split('\n').slice(-20).join('\n'))
  return status === 0
}
