// What a trainer does, without a process: for tests of what it computes. A channel records what is sent, and may die in the middle of it, as a
// process that is killed does.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type GrantedFile,
  type PrepareOptionsInput,
  type RunConfig,
  type RunConfigInput,
  type RunResult,
  runConfigSchema,
  type StartMessage,
  TRAINER_PROTOCOL,
  type TrainerMessage,
  type UploadRole,
  uploadRoleSchema,
} from '@trainyard/contracts'
import { fileSource, prepareDataset } from '@trainyard/datasets'
import { Channel } from '../trainer/channel.ts'
import { KINDS } from '../trainer/kinds.ts'

export type Dataset = NonNullable<StartMessage['dataset']>

export interface Recorded {
  /** `series step` → value. */
  readonly points: Map<string, number>
  readonly checkpoints: { readonly kind: 'periodic' | 'final'; readonly step: number; readonly file: GrantedFile }[]
  /** Of engine and machine. */
  fingerprint: string | null
  result: RunResult | null
}

export class Killed extends Error {
  override readonly name = 'Killed'
}

class RecordingChannel extends Channel {
  readonly recorded: Recorded = { points: new Map(), checkpoints: [], fingerprint: null, result: null }
  readonly #checkpointsMax: number

  /** @param checkpointsMax The message about a further one is not sent any more. */
  constructor(checkpointsMax: number) {
    super()
    this.#checkpointsMax = checkpointsMax
  }

  override send(message: TrainerMessage): void {
    const { points, checkpoints } = this.recorded
    if (message.type === 'progress') for (const { name, step, value } of message.points) points.set(`${name} ${step}`, value)
    if (message.type === 'checkpoint') {
      if (checkpoints.length === this.#checkpointsMax) throw new Killed()
      checkpoints.push(message)
    }
    if (message.type === 'planned') this.recorded.fingerprint = message.fingerprint
    if (message.type === 'done') this.recorded.result = message.result
  }
}

export class TrainerInProcess {
  readonly directory: string
  #count = 0

  static async open(): Promise<TrainerInProcess> {
    return new TrainerInProcess(await mkdtemp(join(tmpdir(), 'trainyard-in-process-')))
  }

  private constructor(directory: string) {
    this.directory = directory
  }

  async prepare(files: Readonly<Partial<Record<UploadRole, Uint8Array>>>, options: PrepareOptionsInput): Promise<Dataset> {
    const directory = await this.#make()
    const sources = await Promise.all(
      Object.entries(files).map(async ([role, content]) => {
        const path = join(directory, role)
        await writeFile(path, content)
        return fileSource(uploadRoleSchema.parse(role), role, path)
      }),
    )
    const { manifest, files: shards } = await prepareDataset({
      sources,
      options,
      outDir: join(directory, 'shards'),
      keyPrefix: 'datasets/x/',
    })
    return { manifest, shard_paths: Object.fromEntries(shards.map(({ key, path }) => [key, path])) }
  }

  /** @returns what was sent until the end or until it died */
  async run(
    input: RunConfigInput,
    files: Partial<Pick<StartMessage, 'dataset' | 'resume' | 'source_checkpoint'>>,
    checkpointsMax = Number.POSITIVE_INFINITY,
  ): Promise<Recorded> {
    const config: RunConfig = runConfigSchema.parse(input)
    const channel = new RecordingChannel(checkpointsMax)
    const start: StartMessage = {
      type: 'start',
      protocol: TRAINER_PROTOCOL,
      config,
      dataset: null,
      sources: [],
      shard_key_prefix: null,
      preparation: null,
      resume: null,
      source_checkpoint: null,
      work_directory: await this.#make(),
      threads: 1,
      memory_bytes_max: null,
      ...files,
    }
    try {
      await KINDS[config.kind](start, channel)
    } catch (error) {
      if (!(error instanceof Killed)) throw error
    }
    return channel.recorded
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true })
  }

  async #make(): Promise<string> {
    const path = join(this.directory, String(this.#count++))
    await mkdir(path)
    return path
  }
}
