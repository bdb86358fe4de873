// A server that outlived its parent. It holds the data directory, so that it has to end before another may start there.

import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { identify, isAlive } from '../process/identity.ts'
import type { Log } from '../process/log.ts'

/** Fast shutdown, then immediate shutdown, which recovers at the next start. */
const SIGNALS = ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const
const POLL_MS = 50
const POLLS_PER_SIGNAL = 100

export async function endLeftOver(dataDirectory: string, log: Log): Promise<void> {
  const text = await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number.parseInt(text, 10)
  const server = Number.isInteger(pid) && pid > 1 ? identify(pid) : null
  if (server === null || !(await isPostgres(pid))) return
  log(`ending PostgreSQL (process ${pid}), which outlived the last run`)
  for (const signal of SIGNALS) {
    process.kill(pid, signal)
    for (let i = 0; i < POLLS_PER_SIGNAL; i++) {
      if (!isAlive(server)) return
      await sleep(POLL_MS)
    }
  }
  throw new Error(`PostgreSQL (process ${pid}) holds ${dataDirectory} and does not end. End it by hand.`)
}

/** The file may be older than the machine's last boot, and the number somebody else's by now. */
async function isPostgres(pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)
  return commandLine === null || basename(commandLine.split('\0')[0] ?? '').startsWith('postgres')
}
