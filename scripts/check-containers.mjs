// Checks docker-compose.yml and the Dockerfiles, without Docker; with a Docker client also that compose understands its file.

import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from './lib/ensure.mjs'

const bin = (name) => join(ROOT, 'node_modules', '.bin', name)
const dockerfiles = readdirSync(join(ROOT, 'docker'))
  .filter((name) => name.endsWith('Dockerfile'))
  .map((name) => join('docker', name))

const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0
const compose = ['compose', '--env-file', 'docker/.env.example', 'config', '--quiet']
const passed = [
  check(bin('dclint'), ['docker-compose.yml']),
  check(bin('dockerfilelint'), dockerfiles),
  !hasCompose || check('docker', compose),
  ...dockerfiles.map(copiesWhatItNeeds),
]
if (passed.includes(false)) process.exitCode = 1

function check(file, args) {
  const { status, stdout, stderr, error } = spawnSync(file, args, { cwd: ROOT, encoding: 'utf8' })
  if (status === 0) return true
  console.error(`${file.replace(`${ROOT}/`, '')} ${args.join(' ')}\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}`)
  return false
}

/** npm installs for an image only what the package.json files that are there ask for. */
function copiesWhatItNeeds(dockerfile) {
  const needed = new Set([`apps/${basename(dockerfile, '.Dockerfile')}`])
  for (const directory of needed) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(ROOT, directory, 'package.json'), 'utf8'))
    for (const [, name] of Object.keys(dependencies)
      .join('\n')
      .matchAll(/^@trainyard\/(.+)$/gm))
      needed.add(`packages/${name}`)
  }
  const lines = readFileSync(join(ROOT, dockerfile), 'utf8').split('\n')
  const missing = [...needed].map((directory) => `COPY ${directory}/package.json ${directory}/`).filter((line) => !lines.includes(line))
  for (const line of missing) console.error(`${dockerfile} lacks: ${line}`)
  return missing.length === 0
}
