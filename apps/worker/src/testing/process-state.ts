// Whether a process still runs, for tests on Linux.

import { readdirSync, readFileSync } from 'node:fs'

/** False for a process that is gone or waits for its parent to notice (a container's first process may never look). */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/** Living trainers of a worker. */
export function trainersOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        const stat = readFileSync(`/proc/${child}/stat`, 'utf8')
        const isChild = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
        return isChild && isAlive(child) && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('trainer.mjs')
      } catch {
        return false
      }
    })
}
