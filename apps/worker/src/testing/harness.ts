// Workers as real processes on real services, for tests: submit runs as the API does, watch them in the database, kill what should die.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  IS_TERMINAL,
  newUuid,
  type PrepareOptionsInput,
  prepareOptionsSchema,
  type RunConfig,
  type RunConfigInput,
  type RunConfigOf,
  runConfigSchema,
  type UploadRole,
} from '@trainyard/contracts'
import {
  type CheckpointRecord,
  checkpoints,
  createDatabase,
  type Database,
  datasets,
  datasetVersions,
  jobs,
  metrics,
  type NewUpload,
  projects,
  type RunEventRecord,
  type RunRecord,
  runEvents,
  runs,
} from '@trainyard/database'
import { launchArguments } from '@trainyard/launch'
import { type ObjectStorage, openStorage } from '@trainyard/storage'

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const POLL_MS = 20

export interface HarnessServices {
  readonly databaseUrl: string
  readonly redisUrl: string | null
  readonly storageUrl: string
}

export interface WorkerProcess {
  readonly child: ChildProcess
  /** Of its log, so far. */
  readonly lines: readonly string[]
  kill(signal: NodeJS.Signals): Promise<void>
}

export class Harness {
  readonly database: Database
  readonly storage: ObjectStorage
  readonly #services: HarnessServices
  readonly #workers = new Set<WorkerProcess>()
  readonly #directories: string[] = []
  readonly projectId: string

  static async open(services: HarnessServices): Promise<Harness> {
    const database = createDatabase({ url: services.databaseUrl })
    const project = await database.asWorker((tx) => projects.create(tx, { name: 'worker tests' }))
    return new Harness(services, database, project.id)
  }

  private constructor(services: HarnessServices, database: Database, projectId: string) {
    this.#services = services
    this.database = database
    this.storage = openStorage(services.storageUrl)
    this.projectId = projectId
  }

  /** A worker with short times. */
  async startWorker(changes: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
    const { databaseUrl, redisUrl, storageUrl } = this.#services
    const dataDir = await mkdtemp(join(tmpdir(), 'trainyard-worker-'))
    this.#directories.push(dataDir)
    const child = spawn(process.execPath, launchArguments(MAIN), {
      env: {
        DATABASE_URL: databaseUrl,
        STORAGE_URL: storageUrl,
        ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
        TRAINYARD_DATA_DIR: dataDir,
        LOG_LEVEL: 'warn',
        LEASE_TTL_MS: '5000',
        ENGINE_THREADS: '1',
        SECRET_OF_THE_WORKER: 'not for trainers',
        ...changes,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line)
      process.stdout.write(`${line}\n`)
    })
    const worker: WorkerProcess = {
      child,
      lines,
      kill: async (signal) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, 'exit')
        child.kill(signal)
        await exited
      },
    }
    this.#workers.add(worker)
    return worker
  }

  /** As the API submits: job, run and outbox row in one transaction. @returns the run's id */
  async submit(config: RunConfigInput): Promise<string> {
    const parsed: RunConfig = runConfigSchema.parse(config)
    const job = await this.database.asWorker((tx) =>
      jobs.submit(tx, { projectId: this.projectId, kind: parsed.kind, name: null, config: {}, runs: [parsed] }),
    )
    return job.runs[0]?.id ?? ''
  }

  /** Stores the files and submits their preparation. */
  async upload(
    files: Readonly<Partial<Record<UploadRole, Uint8Array>>>,
    options: PrepareOptionsInput,
    base: { readonly versionId: string; readonly runId: string } | null = null,
  ): Promise<{ versionId: string; runId: string }> {
    const versionId = newUuid()
    const before = base === null ? null : (await this.run(base.runId)).config
    const sources: RunConfigOf<'prepare'>['sources'] = []
    const uploads: NewUpload[] = []
    for (const [role, content] of Object.entries(files) as [UploadRole, Uint8Array][]) {
      const key = `uploads/${versionId}/${role}`
      const stored = await this.storage.put(key, Readable.from([content]))
      sources.push({ role, key, file_name: role, bytes: stored.bytes })
      uploads.push({ role, fileName: role, objectKey: key, ...stored })
    }
    const config: RunConfig = {
      kind: 'prepare',
      dataset_version_id: versionId,
      sources: before?.kind === 'prepare' ? [...before.sources, ...sources.map((source) => ({ ...source, part: 1 }))] : sources,
      options: prepareOptionsSchema.parse(options),
      ...(base === null ? {} : { base: { dataset_version_id: base.versionId, new_classes: false } }),
    }
    const runId = await this.database.asWorker(async (tx) => {
      const { projectId } = this
      const dataset = await datasets.create(tx, { projectId, name: 'data', description: '' })
      const job = await jobs.submit(tx, { projectId, kind: 'prepare', name: null, config: {}, runs: [config] })
      await datasetVersions.create(tx, { id: versionId, projectId, datasetId: dataset.id, jobId: job.id, uploads })
      return job.runs[0]?.id ?? ''
    })
    return { versionId, runId }
  }

  async run(id: string): Promise<RunRecord> {
    const run = await this.database.asWorker((tx) => runs.find(tx, id))
    if (run === null) throw new Error(`no run ${id}`)
    return run
  }

  /** Polls until the condition holds. */
  async waitFor(id: string, condition: (run: RunRecord) => boolean, attempts = 4000): Promise<RunRecord> {
    let run = await this.run(id)
    for (let i = 0; i < attempts; i++) {
      if (condition(run)) return run
      await sleep(POLL_MS)
      run = await this.run(id)
    }
    throw new Error(
      `run ${id} is ${run.state} at step ${run.lastStep} after ${(attempts * POLL_MS) / 1000} s: ${JSON.stringify(run.failure)}`,
    )
  }

  async waitForEnd(id: string): Promise<RunRecord> {
    return await this.waitFor(id, (run) => IS_TERMINAL[run.state])
  }

  /** Every point of every series, as stored. */
  async points(runId: string): Promise<Record<string, [step: number, value: number][]>> {
    const series = await this.database.asWorker((tx) => metrics.read(tx, { runId, maxPoints: 1_000_000 }))
    return Object.fromEntries(series.map(({ name, points }) => [name, points.map(({ step, value }) => [step, value])]))
  }

  /** Types, in order. */
  async events(runId: string): Promise<string[]> {
    return (await this.#events(runId)).map(({ type }) => type)
  }

  /** What the events say, in order. */
  async messages(runId: string): Promise<string[]> {
    return (await this.#events(runId)).map(({ message }) => message)
  }

  /** When they happened, in order. */
  async eventTimes(runId: string): Promise<number[]> {
    return (await this.#events(runId)).map(({ createdAt }) => createdAt.getTime())
  }

  async #events(runId: string): Promise<readonly RunEventRecord[]> {
    return (await this.database.asWorker((tx) => runEvents.list(tx, runId, { limit: 1000, order: 'asc' }))).data
  }

  /** Newest first. */
  async checkpoints(runId: string): Promise<CheckpointRecord[]> {
    return (await this.database.asWorker((tx) => checkpoints.list(tx, { limit: 1000, order: 'desc' }, { runId }))).data
  }

  /** All that a run has left behind, in rows and files: equal snapshots mean that nothing was written in between. */
  async snapshot(runId: string): Promise<string> {
    const files = []
    for await (const { key, bytes, modifiedAt } of this.storage.list('')) files.push([key, bytes, modifiedAt])
    const rows = [await this.run(runId), await this.events(runId), await this.checkpoints(runId), await this.points(runId)]
    return JSON.stringify([rows, files])
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.kill('SIGKILL')))
    await this.database.close()
    await Promise.all(this.#directories.map((directory) => rm(directory, { recursive: true, force: true })))
  }
}
