// One forked trainer, seen from the supervisor: messages in and out, validated, and its death. The trainer holds no credentials and is
// not trusted.

import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Confinement, type SupervisorMessage, TRAINER_PROTOCOL, type TrainerMessage, trainerMessageSchema } from '@trainyard/contracts'
import { TrainyardError } from '@trainyard/errors'
import type { Logger } from 'pino'
import { TrainerDirectory } from './trainer-directory.ts'
import type { WorkDirectories } from './work-directories.ts'

const CONFINEMENT = fileURLToPath(new URL('../trainer/confinement.cjs', import.meta.url))
/**
 * util-linux's command for what a parent can take from a child, most first: it dies with its parent, gains no rights by running a program, and
 * as root has none of root's but to pass by the permissions of files. The first that works here is used.
 */
const SETPRIV = 'setpriv'
const PRIVILEGES: readonly (readonly string[])[] = [
  ['--pdeathsig', 'KILL', '--no-new-privs', '--inh-caps=-all', '--bounding-set=-all,+dac_override,+dac_read_search'],
  ['--pdeathsig', 'KILL', '--no-new-privs'],
]
/** Characters of a trainer's error output that the log keeps for its end. */
const STDERR_TAIL = 4000
/** The last words of V8 and of C++ when an allocation fails that they cannot do without. */
const OUT_OF_MEMORY = /out of memory|bad_alloc/i

export interface TrainerOptions {
  /** The file to start: what bundleTrainer returned. */
  readonly code: string
  /** All of its environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Where trainers get a directory of their own. */
  readonly directories: WorkDirectories
  /** Megabytes of JavaScript objects; typed arrays and the engine's memory lie outside. */
  readonly heapMb: number
  readonly log: Logger
}

/** How a trainer ended, as the end of a sentence: `was killed by SIGSEGV`. */
export interface TrainerExit {
  readonly description: string
  readonly isClean: boolean
  /** It asked for more memory than it may have. */
  readonly isOutOfMemory: boolean
}

export interface Trainer {
  readonly pid: number
  /** Its own. Whoever took the trainer removes it after the end. */
  readonly directory: TrainerDirectory
  /** What the kernel takes from it; null until it is ready. */
  readonly confinement: Confinement | null
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
  const nodeArguments = [`--max-old-space-size=${options.heapMb}`, '--enable-source-maps', '--require', CONFINEMENT]
  const privileges = privilegesTaken()
  const command =
    privileges === null
      ? { execArgv: nodeArguments }
      : { execPath: SETPRIV, execArgv: [...privileges, '--', process.execPath, ...nodeArguments] }
  const directory = new TrainerDirectory(options.directories.make('trainer'))
  // Its own process group, so that all of it can be killed. The kernel kills it with its parent where it can; `disconnect` does elsewhere.
  const child = fork(options.code, [], {
    ...command,
    env: options.environment,
    cwd: directory.path,
    serialization: 'advanced',
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  return new ForkedTrainer(child, directory, options.log)
}

let privileges: readonly string[] | null | undefined

function privilegesTaken(): readonly string[] | null {
  privileges ??= PRIVILEGES.find((flags) => spawnSync(SETPRIV, [...flags, '--', 'true']).status === 0) ?? null
  return privileges
}

class ForkedTrainer implements Trainer {
  readonly ready: Promise<void>
  readonly exited: Promise<TrainerExit>
  readonly directory: TrainerDirectory
  confinement: Confinement | null = null
  hasExited = false
  readonly #child: ChildProcess
  #onMessage: ((message: TrainerMessage) => void) | null = null
  #onNonsense: ((problem: string) => void) | null = null
  readonly #early: TrainerMessage[] = []
  #stderr = ''

  constructor(child: ChildProcess, directory: TrainerDirectory, log: Logger) {
    this.#child = child
    this.directory = directory
    this.exited = new Promise((resolve) => {
      const end = (description: string, isClean: boolean) => {
        if (this.hasExited) return
        this.hasExited = true
        if (!isClean && this.#stderr !== '') log.warn({ pid: this.pid, stderr: this.#stderr }, `trainer ${description}`)
        resolve({ description, isClean, isOutOfMemory: !isClean && OUT_OF_MEMORY.test(this.#stderr) })
      }
      child.once('error', (error) => end(`could not be started: ${error.message}`, false))
      // After `close` its error output is complete.
      child.once('exit', () => this.#killGroup())
      child.once('close', (code, signal) =>
        end(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`, code === 0 && signal === null),
      )
    })
    child.stdout?.on('data', (text: Buffer) => log.debug({ pid: this.pid }, text.toString()))
    child.stderr?.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString()).slice(-STDERR_TAIL)
    })
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (raw) => this.#receive(raw, resolve))
      void this.exited.then(({ description }) => reject(endedEarly(description)))
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
    if (!this.#killGroup()) this.#child.kill('SIGKILL')
  }

  /** @returns false when the group is not there: gone, or not made yet */
  #killGroup(): boolean {
    try {
      process.kill(-this.pid, 'SIGKILL')
      return true
    } catch {
      return false
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
      this.confinement = message.confinement
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

/** Retryable: the run counts a crash and says why. */
function endedEarly(description: string): TrainyardError {
  return new TrainyardError('trainer_crashed', { detail: `The trainer ${description} before it was ready.` })
}
