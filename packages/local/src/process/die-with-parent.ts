// A child that the kernel signals when its parent dies, so that even `kill -9` of the parent leaves no server behind. Linux has this
// (prctl PR_SET_PDEATHSIG) and util-linux brings the command for it; elsewhere the next start finds and ends what was left.

import { spawnSync } from 'node:child_process'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

let isSupported: boolean | undefined

function canDieWithParent(): boolean {
  isSupported ??= process.platform === 'linux' && spawnSync('setpriv', ['--help'], { encoding: 'utf8' }).stdout?.includes('--pdeathsig')
  return isSupported ?? false
}

export function dieWithParent({ file, args }: Command, signal: 'INT' | 'TERM' | 'KILL'): Command {
  return canDieWithParent() ? { file: 'setpriv', args: ['--pdeathsig', signal, '--', file, ...args] } : { file, args }
}
