// A server as a child process: started, waited for, restarted when it ends by itself, and stopped when asked.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from './die-with-parent.ts'
import type { Log } from './log.ts'

export interface SupervisedOptions {
  readonly name: string
  readonly command: Command
  /** Instead of the user of this process. */
  readonly account?: { readonly uid: number; readonly gid: number } | null
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Where its output goes. */
  readonly logPath: string
  readonly isReady: () => Promise<boolean>
  readonly stopSignal: NodeJS.Signals
  readonly log: Log
}

export interface Supervised {
  /** Of the child that runs now. */
  readonly pid: number | undefined
  /** Asks it to end, and kills it when it does not. */
  stop(): Promise<void>
}

const READY_TIMEOUT_MS = 60_000
const READY_POLL_MS = 25
/** After this the child is killed. Longer than a worker needs to save its runs. */
const STOP_TIMEOUT_MS = 25_000
/** Before the first, second … restart in a row; then always the last. A child that became ready starts the row anew. */
const RESTART_DELAYS_MS = [100, 500, 1_000, 2_000, 5_000] as const

/** @throws Error with the end of its log when the first start fails. */
export async function supervise(options: SupervisedOptions): Promise<Supervised> {
  const { name, log } = options
  const stopping = new AbortController()
  let failures = 0

  let child = launch(options)
  await ready(child, options)
  watch()

  function watch() {
    if (hasEnded(child)) void restart()
    else child.once('exit', () => void restart())
  }

  async function restart() {
    if (stopping.signal.aborted) return
    const delayMs = RESTART_DELAYS_MS[Math.min(failures++, RESTART_DELAYS_MS.length - 1)]
    log(`${name} ended (${outcomeOf(child)}); starting it again`)
    try {
      await sleep(delayMs, undefined, { signal: stopping.signal })
      child = launch(options)
      await ready(child, options)
      failures = 0
      log(`${name} runs again`)
    } catch (error) {
      if (stopping.signal.aborted) return
      log(error instanceof Error ? error.message : String(error))
    }
    watch()
  }

  return {
    get pid() {
      return child.pid
    },
    async stop() {
      stopping.abort()
      await end(child, options.stopSignal)
    },
  }
}

function launch({ command, account, cwd, env, logPath }: SupervisedOptions): ChildProcess {
  const output = openSync(logPath, 'a', 0o600)
  try {
    const child = spawn(command.file, command.args, {
      ...account,
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env: { ...env } }),
      stdio: ['ignore', output, output],
      // A process group of its own: Ctrl-C reaches the parent only, which ends its children in the right order.
      detached: true,
    })
    // An error to start is also seen as a child without a number.
    child.on('error', () => {})
    return child
  } finally {
    closeSync(output)
  }
}

async function ready(child: ChildProcess, { name, logPath, isReady }: SupervisedOptions): Promise<void> {
  for (let waitedMs = 0; waitedMs < READY_TIMEOUT_MS; waitedMs += READY_POLL_MS) {
    if (hasEnded(child)) {
      throw new Error(`${name} did not start (${outcomeOf(child)}). The end of ${logPath}:\n${await tail(logPath)}`)
    }
    if (await isReady()) return
    await sleep(READY_POLL_MS)
  }
  child.kill('SIGKILL')
  throw new Error(`${name} was not ready within ${READY_TIMEOUT_MS / 1000} s. The end of ${logPath}:\n${await tail(logPath)}`)
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await ended
  clearTimeout(timer)
}

const hasEnded = (child: ChildProcess) => child.pid === undefined || child.exitCode !== null || child.signalCode !== null

function outcomeOf(child: ChildProcess): string {
  if (child.pid === undefined) return `${child.spawnfile} could not be run`
  return child.signalCode ?? `exit code ${child.exitCode}`
}

const TAIL_LINES = 15

async function tail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .trimEnd()
    .split('\n')
    .slice(-TAIL_LINES)
    .map((line) => `  ${line}`)
    .join('\n')
}
