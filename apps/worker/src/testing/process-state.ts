// Whether a process still runs, for tests on Linux.

import { readFileSync } from 'node:fs'

/** False for a process that is gone or waits for its parent to notice (a container's first process may never look). */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
