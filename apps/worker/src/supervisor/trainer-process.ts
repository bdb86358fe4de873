// One forked trainer, seen from the supervisor: messages in and out, validated, and its death. The trainer holds no credentials and is
// not trusted.

import { type ChildProcess, fork } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type SupervisorMessage, TRAINER_PROTOCOL, type TrainerMessage, trainerMessageSchema } from '@trainyard/contracts'
import type { Logger } from 'pino'

const ENTRY = fileURLToPath(new URL('../trainer/main.ts', import.meta.url))
const TSX = import.meta.resolve('tsx')
/** util-linux: gives a process a signal for the death of its parent, and a limit. */
const SETPRIV = '/usr/bin/setpriv'
/** Characters of a trainer's error output that the log keeps for its end. */
const STDERR_TAIL = 4000

export interface TrainerOptions {
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Where it may write until a run grants it another place; also its current directory. */
  readonly directory: string
  /** Megabytes of JavaScript objects; typed arrays and the engine's memory lie outside. */
  readonly heapMb: number
  readonly log: Logger
}

/** How a trainer ended, as the end of a sentence: `was killed by SIGSEGV`. */
export interface TrainerExit {
  readonly description: string
  readonly isClean: boolean
}

export interface Trainer {
  readonly pid: number
  /** Resolves when the engine is loaded; rejects when the process ends before. */
  readonly ready: Promise<void>
  readonly exited: Promise<TrainerExit>
  readonly hasExited: boolean
  send(message: SupervisorMessage): void
  /** From now on; messages that came before `listen` are delivered first. */
  listen(onMessage: (message: TrainerMessage) => void, onNonsense: (problem: string) => void): void
  /** SIGKILL to the trainer and whatever it started. */
  kill(): void
}

/** @throws Error when the process cannot be started at all. */
export function forkTrainer(options: TrainerOptions): Trainer {
  const nodeArguments = [`--max-old-space-size=${options.heapMb}`, '--import', TSX]
  // Its own process group, so that all of it can be killed. The kernel kills it with its parent where it can; `disconnect` does elsewhere.
  const command = existsSync(SETPRIV)
    ? { execPath: SETPRIV, execArgv: ['--pdeathsig', 'KILL', '--', process.execPath, ...nodeArguments] }
    : { execArgv: nodeArguments }
  const child = fork(ENTRY, [], {
    ...command,
    env: options.environment,
    cwd: options.directory,
    serialization: 'advanced',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  return new ForkedTrainer(child, options.log)
}

class ForkedTrainer implements Trainer {
  readonly ready: Promise<void>
  readonly exited: Promise<TrainerExit>
  hasExited = false
  readonly #child: ChildProcess
  #onMessage: ((message: TrainerMessage) => void) | null = null
  #onNonsense: ((problem: string) => void) | null = null
  readonly #early: TrainerMessage[] = []
  #stderr = ''

  constructor(child: ChildProcess, log: Logger) {
    this.#child = child
    this.exited = new Promise((resolve) => {
      const end = (description: string, isClean: boolean) => {
        if (this.hasExited) return
        this.hasExited = true
        if (!isClean && this.#stderr !== '') log.warn({ pid: this.pid, stderr: this.#stderr }, `trainer ${description}`)
        resolve({ description, isClean })
      }
      child.once('error', (error) => end(`could not be started: ${error.message}`, false))
      child.once('exit', (code, signal) =>
        end(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`, code === 0 && signal === null),
      )
    })
    child.stdout?.on('data', (text: Buffer) => log.debug({ pid: this.pid }, text.toString()))
    child.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString()).slice(-STDERR_TAIL)
    })
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (raw) => this.#receive(raw, resolve))
      void this.exited.then(({ description }) => reject(new Error(`the trainer ${description} before it was ready: ${this.#stderr}`)))
    })
    // Whoever awaits `ready` hears of it; a trainer that waits in reserve may fail unheard.
    this.ready.catch(() => {})
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  send(message: SupervisorMessage): void {
    // A channel that breaks here ends the process too, and `exited` tells.
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  listen(onMessage: (message: TrainerMessage) => void, onNonsense: (problem: string) => void): void {
    this.#onMessage = onMessage
    this.#onNonsense = onNonsense
    for (const message of this.#early.splice(0)) onMessage(message)
  }

  kill(): void {
    if (this.hasExited || this.#child.pid === undefined) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      this.#child.kill('SIGKILL')
    }
  }

  #receive(raw: unknown, onReady: () => void): void {
    const parsed = trainerMessageSchema.safeParse(raw)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      this.#nonsense(`sent a message that is not of the protocol: ${issue?.path.join('.')} ${issue?.message}`)
      return
    }
    const message = parsed.data
    if (message.type === 'ready') {
      if (message.protocol === TRAINER_PROTOCOL) onReady()
      else this.#nonsense(`speaks protocol ${message.protocol}, the supervisor ${TRAINER_PROTOCOL}`)
      return
    }
    if (this.#onMessage === null) this.#early.push(message)
    else this.#onMessage(message)
  }

  #nonsense(problem: string): void {
    this.#stderr += problem
    this.kill()
    this.#onNonsense?.(problem)
  }
}
