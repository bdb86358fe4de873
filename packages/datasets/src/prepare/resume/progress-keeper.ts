// Keeps what a preparation has done: now and then, and when it is to stop, its state and the files that the state names are handed over. Files are
// never changed after that; only new ones are handed over the next time.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readSnapshot, type Snapshot, writeSnapshot } from './snapshot.ts'

/** A file that a state consists of, by the name under which a later attempt asks for it. */
export interface KeptFile {
  readonly name: string
  readonly path: string
}

export interface KeptProgress {
  /** All files of the state; `path` is null for what was handed over before. */
  readonly files: readonly { readonly name: string; readonly path: string | null }[]
}

/** What a preparation is given to go on later. */
export interface ProgressOptions {
  /** Files of the newest state, name → path; empty for a preparation that begins. */
  readonly files: ReadonlyMap<string, string>
  /** Milliseconds of work between two states. */
  readonly everyMs: number
  /** Whoever takes the files removes that of the state itself (`state-…`) once it is safe; until then no other is made. */
  readonly onKept: (progress: KeptProgress) => void
  /** Whether to stop after the next state. */
  readonly isStopping: () => boolean
}

/** The preparation was asked to stop, and its state is kept. */
export class PreparationStopped extends Error {}

/** What the stages have done, by their names; what a stage is made of is its own matter. */
export type PreparationState = { readonly number: number; readonly stages: { readonly [stage: string]: Snapshot } }

export interface StageCapture {
  readonly stages: PreparationState['stages']
  readonly files: readonly KeptFile[]
}

export class ProgressKeeper {
  readonly #options: ProgressOptions
  readonly #directory: string
  /** Of the attempt before, where there is one. */
  readonly restored: PreparationState | null
  readonly #handedOver: Set<string>
  #number: number
  #statePath = ''
  #keptAt = performance.now()

  /** @param directory for the file of the state */
  constructor(options: ProgressOptions, directory: string) {
    this.#options = options
    this.#directory = directory
    const name = [...options.files.keys()].find((file) => file.startsWith('state-'))
    this.restored = name === undefined ? null : (readSnapshot(options.files.get(name) as string) as PreparationState | null)
    this.#number = this.restored?.number ?? 0
    this.#handedOver = new Set(this.restored === null ? [] : options.files.keys())
  }

  /** @throws Error when the state names a file that is not there */
  readonly pathOf = (name: string): string => {
    const path = this.#options.files.get(name)
    if (path === undefined) throw new Error(`the state of the preparation names "${name}", which is not there`)
    return path
  }

  /**
   * Keeps a state where it is time to.
   * @throws PreparationStopped when it is time to stop
   */
  offer(capture: () => StageCapture): void {
    const isStopping = this.#options.isStopping()
    if (!isStopping && (performance.now() - this.#keptAt < this.#options.everyMs || existsSync(this.#statePath))) return
    this.#keep(capture())
    if (isStopping) throw new PreparationStopped('the preparation was asked to stop')
    this.#keptAt = performance.now()
  }

  #keep({ stages, files }: StageCapture): void {
    const name = `state-${++this.#number}`
    this.#statePath = join(this.#directory, name)
    writeSnapshot(this.#statePath, { number: this.#number, stages })
    const all = [...files, { name, path: this.#statePath }]
    this.#options.onKept({ files: all.map((file) => ({ name: file.name, path: this.#handedOver.has(file.name) ? null : file.path })) })
    for (const file of all) this.#handedOver.add(file.name)
  }
}
