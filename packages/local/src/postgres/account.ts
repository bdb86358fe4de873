// PostgreSQL refuses to run as root. Started by root, it runs as the owner of its data, or as a system account that exists anyway.

import { spawnSync } from 'node:child_process'
import { stat } from 'node:fs/promises'

export interface Account {
  readonly uid: number
  readonly gid: number
}

const CANDIDATES = ['postgres', 'nobody'] as const

/** @returns null: as the user of this process. */
export async function accountFor(dataDirectory: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null
  const owner = await stat(dataDirectory).catch(() => null)
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  for (const name of CANDIDATES) {
    const uid = idOf('-u', name)
    const gid = idOf('-g', name)
    if (uid !== null && gid !== null) return { uid, gid }
  }
  throw new Error(`PostgreSQL cannot run as root, and there is no account ${CANDIDATES.join(' or ')}. Run as an ordinary user.`)
}

function idOf(flag: '-u' | '-g', name: string): number | null {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' })
  return status === 0 ? Number(stdout) : null
}

/** Whether the account may enter a directory: each directory above it must let it through. */
export function canReach(account: Account | null, directory: string): boolean {
  return account === null || spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', directory], { ...account, cwd: '/' }).status === 0
}
