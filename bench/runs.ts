// How fast a user's wish and a failure are felt: cancellation of waiting and of running runs, and recovery after the SIGKILL of a worker.
// `npm run bench:runs -- [--cancellations 200] [--kills 3]`; times as the tables show them, polled every 5 ms. Each part is over after a while,
// whatever the machine does: then it has fewer samples and says so.

import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { IS_TERMINAL } from '@trainyard/contracts'
import { type RunRecord, runState } from '@trainyard/database'
import { hasRedis, startTestServices } from '@trainyard/testkit'
import { Harness, type WorkerProcess } from '../apps/worker/src/testing/harness.ts'
import { XOR_CSV, XOR_OPTIONS, xorRun } from '../apps/worker/src/testing/samples.ts'

const { values } = parseArgs({
  options: { cancellations: { type: 'string', default: '200' }, kills: { type: 'string', default: '3' } },
})
const cancellations = Number(values.cancellations)
const LEASE_TTL_MS = 5_000
const POLL_MS = 5
const WORKERS = 2
/** Milliseconds of each part; all of them are under five minutes. */
const WAITING_MS_MAX = 40_000
const RUNNING_MS_MAX = 170_000
const RECOVERY_MS_MAX = 30_000

const services = await startTestServices({ redis: hasRedis })
const harness = await Harness.open(services)
const startWorker = () => harness.startWorker({ LEASE_TTL_MS: String(LEASE_TTL_MS), WORKER_CONCURRENCY: '1' })
const workers: WorkerProcess[] = await Promise.all(Array.from({ length: WORKERS }, startWorker))
const { versionId, runId } = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
await harness.waitForEnd(runId)
/** Four million steps: minutes. */
const long = () =>
  harness.submit(xorRun(versionId, { epochs: 1_000_000, batch_size: 1, log_every_steps: 1000, checkpoint: { every_steps: 2000 } }))

/** @returns null when it did not come to that in time */
const until = async (id: string, condition: (run: RunRecord) => boolean, msMax: number): Promise<RunRecord | null> => {
  for (const end = performance.now() + msMax; performance.now() < end; await sleep(POLL_MS)) {
    const run = await harness.run(id)
    if (condition(run)) return run
  }
  return null
}
/** @returns milliseconds until the run was at its end */
const cancel = async (id: string): Promise<number> => {
  const { jobId } = await harness.run(id)
  const asked = performance.now()
  await runState.cancelJob(harness.database.workerSql, jobId)
  const ended = await until(id, ({ state }) => IS_TERMINAL[state], RECOVERY_MS_MAX)
  if (ended?.state !== 'cancelled') throw new Error(`run ${id} was cancelled and is ${ended?.state ?? 'not at its end'}`)
  return performance.now() - asked
}
/** Runs that train, one on each worker: then all of them take runs, and none is free. */
const occupy = async (): Promise<string[]> => {
  const ids = await Promise.all(workers.map(long))
  for (const id of ids) {
    if ((await until(id, ({ lastStep }) => lastStep > 0, RECOVERY_MS_MAX)) === null) throw new Error('a worker takes no runs')
  }
  return ids
}
const describe = (samples: readonly number[], wanted: number) => {
  const sorted = samples.map(Math.round).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]
  const short = sorted.length < wanted ? ` (${wanted} were wanted; the time was over)` : ''
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${sorted.at(-1)} ms of ${sorted.length}${short}`
}

const queued: number[] = []
const occupying = await occupy()
for (const end = performance.now() + WAITING_MS_MAX; queued.length < cancellations && performance.now() < end; ) {
  queued.push(await cancel(await long()))
}
console.log(`cancellation of a waiting run  ${describe(queued, cancellations)}`)
await Promise.all(occupying.map(cancel))

const running: number[] = []
const runningEnd = performance.now() + RUNNING_MS_MAX
await Promise.all(
  workers.map(async () => {
    while (running.length < cancellations && performance.now() < runningEnd) {
      const id = await long()
      if ((await until(id, ({ lastStep }) => lastStep > 0, RECOVERY_MS_MAX)) === null) throw new Error(`run ${id} does not begin`)
      running.push(await cancel(id))
    }
  }),
)
console.log(`cancellation of a running run  ${describe(running, cancellations)}`)

const recovery: number[] = []
const kills = Number(values.kills)
for (let i = 0; i < kills; i++) {
  // The other one is idle, with a trainer in reserve.
  const [id = '', other = ''] = await occupy()
  await cancel(other)
  const before = await until(id, ({ checkpointId }) => checkpointId !== null, RECOVERY_MS_MAX)
  const index = workers.findIndex(({ child }) => before?.leaseOwner?.endsWith(`-${child.pid}`))
  if (before === null || index < 0) throw new Error(`run ${id} has no worker`)
  await workers[index]?.kill('SIGKILL')
  const killedAt = performance.now()
  const { lastStep, leaseEpoch } = await harness.run(id)
  const recovered = await until(id, (run) => run.leaseEpoch > leaseEpoch && run.lastStep > lastStep, RECOVERY_MS_MAX)
  // On a busy machine the lease may have been lost just before, to the other worker: then nothing was interrupted.
  if (recovered !== null) recovery.push(performance.now() - killedAt)
  await cancel(id)
  workers[index] = await startWorker()
}
console.log(
  `recovery after a killed worker ${describe(recovery, kills)}, lease ${LEASE_TTL_MS} ms: until a step beyond the last one that was written`,
)
await harness.close()
await services.stop()
process.exit(0)
