// Messages between the supervisor (which holds the credentials) and its trainer process (which has none). Sent over Node's IPC channel with
// advanced serialization, so that typed arrays, NaN and infinities arrive as they are.

import { z } from 'zod'
import { datasetManifestSchema } from './dataset-manifest.ts'
import { runPlanSchema, runResultSchema } from './job.ts'
import { runConfigSchema } from './run-config.ts'
import { checkpointKindSchema, failureSchema, runPhaseSchema } from './states.ts'

/** Raised when a message changes its meaning. Supervisor and trainer of one release always agree; a mismatch is a deployment mistake. */
export const TRAINER_PROTOCOL = 1

/** A file that the supervisor grants, with the digest that its content must have. */
export const grantedFileSchema = z.object({ path: z.string(), sha256: z.string() })
export type GrantedFile = z.infer<typeof grantedFileSchema>

export const startMessageSchema = z.object({
  type: z.literal('start'),
  protocol: z.literal(TRAINER_PROTOCOL),
  config: runConfigSchema,
  /** Present for train, evaluate and verify. */
  dataset: z.object({ manifest: datasetManifestSchema, shard_paths: z.record(z.string(), z.string()) }).nullable(),
  /** Source files of a preparation, by role. */
  sources: z.array(z.object({ role: z.string(), name: z.string(), path: z.string(), part: z.int().nonnegative().optional() })),
  /** Of a preparation that appends: the version before, and its file `index.summary`. */
  base: z.object({ manifest: datasetManifestSchema, summary_path: z.string() }).nullable().optional(),
  /** Shards of a prepared version get keys below this prefix. */
  shard_key_prefix: z.string().nullable(),
  /** Of a preparation: the files of its newest state, none where it begins, and the milliseconds of work between two states. */
  preparation: z.object({ files: z.array(z.object({ name: z.string(), path: z.string() })), every_ms: z.number().positive() }).nullable(),
  /** The checkpoint to go on from: of a training the newest of its run, of a verification the one that it begins with. */
  resume: grantedFileSchema.nullable(),
  /** The checkpoint to transfer from, to evaluate, to predict with or to arrive at. */
  source_checkpoint: grantedFileSchema.nullable(),
  /** Everything that the trainer writes goes here. */
  work_directory: z.string(),
  threads: z.int().positive(),
  /** Bytes that the trainer may take at most, whatever its plan says; null for no such limit. */
  memory_bytes_max: z.number().positive().nullable(),
})
export type StartMessage = z.infer<typeof startMessageSchema>

/** `preempt`: the worker is shutting down; `timeout`: the run has used up its max_runtime_s. All but `cancel` save first. */
const stopReasonSchema = z.enum(['cancel', 'pause', 'preempt', 'timeout'])

export const stopMessageSchema = z.object({ type: z.literal('stop'), reason: stopReasonSchema })

export const supervisorMessageSchema = z.discriminatedUnion('type', [startMessageSchema, stopMessageSchema])
export type SupervisorMessage = z.infer<typeof supervisorMessageSchema>

/** What the kernel enforces in a trainer process: which mechanism, or `none` where the platform has none that we use. */
export const confinementSchema = z.object({
  /** Files outside of the code and the trainer's own directory cannot be opened: `landlock <version>`. */
  files: z.string(),
  /** No socket can be made: `seccomp`. */
  sockets: z.string(),
})
export type Confinement = z.infer<typeof confinementSchema>

/** One point of one series. */
export const metricPointSchema = z.object({ name: z.string(), step: z.int(), value: z.custom<number>((v) => typeof v === 'number') })
export type MetricPoint = z.infer<typeof metricPointSchema>

export const trainerMessageSchema = z.discriminatedUnion('type', [
  /** The engine is loaded; a start message may come. */
  z.object({ type: z.literal('ready'), protocol: z.int(), engine: z.string(), confinement: confinementSchema }),
  z.object({ type: z.literal('planned'), plan: runPlanSchema, fingerprint: z.string() }),
  /** At least every 250 ms while the trainer advances: the sign of life that the lease depends on. */
  z.object({
    type: z.literal('progress'),
    phase: runPhaseSchema,
    step: z.int(),
    epoch: z.number(),
    samples_per_second: z.number().nullable(),
    points: z.array(metricPointSchema),
  }),
  z.object({
    type: z.literal('checkpoint'),
    kind: checkpointKindSchema,
    step: z.int(),
    epoch: z.number(),
    file: grantedFileSchema.extend({ bytes: z.int() }),
    metrics: z.record(
      z.string(),
      z.custom<number>((v) => typeof v === 'number'),
    ),
  }),
  z.object({
    type: z.literal('prepared'),
    manifest: datasetManifestSchema,
    files: z.array(z.object({ key: z.string(), path: z.string() })),
  }),
  /** What a preparation has done so far: all files of its state, with the paths of those that are new. They are never changed again. */
  z.object({
    type: z.literal('kept'),
    files: z.array(z.object({ name: z.string().regex(/^[\w.-]{1,80}$/), path: z.string().nullable() })),
  }),
  /** Something a person should see in the run's events. */
  z.object({ type: z.literal('event'), event: z.string(), message: z.string() }),
  z.object({ type: z.literal('done'), result: runResultSchema }),
  z.object({ type: z.literal('stopped'), reason: stopReasonSchema, step: z.int() }),
  z.object({ type: z.literal('failed'), failure: failureSchema }),
])
export type TrainerMessage = z.infer<typeof trainerMessageSchema>
export type TrainerMessageOf<T extends TrainerMessage['type']> = Extract<TrainerMessage, { type: T }>
