// How fast a user's wish and a failure are felt: cancellation of running and of waiting runs, and recovery after the SIGKILL of a worker.
// `npm run bench:runs -- [cancellations] [kills]`; times as the tables show them, polled every 5 ms.

import { setTimeout as sleep } from 'node:timers/promises'
import { IS_TERMINAL } from '@trainyard/contracts'
import { runState } from '@trainyard/database'
import { hasRedis, startTestServices } from '@trainyard/testkit'
import { Harness } from '../apps/worker/src/testing/harness.ts'
import { XOR_CSV, XOR_OPTIONS, xorRun } from '../apps/worker/src/testing/samples.ts'

const [cancellations = 50, kills = 3] = process.argv.slice(2).map(Number)
const LEASE_TTL_MS = 5_000
const POLL_MS = 5

const services = await startTestServices({ redis: hasRedis })
const harness = await Harness.open(services)
const env = { LEASE_TTL_MS: String(LEASE_TTL_MS) }
let worker = await harness.startWorker(env)
const { versionId, runId } = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
await harness.waitForEnd(runId)
const long = () => harness.submit(xorRun(versionId, { epochs: 1_000_000, log_every_steps: 1000, checkpoint: { every_steps: 2000 } }))

const until = async (id: string, condition: Parameters<Harness['waitFor']>[1]) => {
  for (;;) {
    const run = await harness.run(id)
    if (condition(run)) return run
    await sleep(POLL_MS)
  }
}
const cancel = async (id: string): Promise<number> => {
  const { jobId } = await harness.run(id)
  const asked = performance.now()
  await runState.cancelJob(harness.database.workerSql, jobId)
  await until(id, ({ state }) => IS_TERMINAL[state])
  return performance.now() - asked
}
const describe = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b).map(Math.round)
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${sorted.at(-1)} ms of ${sorted.length}`
}

const running: number[] = []
const queued: number[] = []
for (let i = 0; i < cancellations; i++) {
  const [first, second] = [await long(), await long()]
  await until(first, ({ lastStep }) => lastStep > 0)
  queued.push(await cancel(second))
  running.push(await cancel(first))
}
console.log(`cancellation of a running run  ${describe(running)}`)
console.log(`cancellation of a waiting run  ${describe(queued)}`)

const recovery: number[] = []
let standby = await harness.startWorker(env)
for (let i = 0; i < kills; i++) {
  const id = await long()
  const { leaseOwner } = await until(id, ({ lastStep, checkpointId }) => lastStep > 0 && checkpointId !== null)
  const victim = leaseOwner?.endsWith(`-${worker.child.pid}`) ? worker : standby
  const before = await harness.run(id)
  await victim.kill('SIGKILL')
  const killedAt = performance.now()
  await until(id, ({ leaseEpoch, lastStep }) => leaseEpoch > before.leaseEpoch && lastStep > before.lastStep)
  recovery.push(performance.now() - killedAt)
  await cancel(id)
  const next = await harness.startWorker(env)
  if (victim === worker) worker = next
  else standby = next
}
console.log(
  `recovery after a killed worker ${describe(recovery)}, lease ${LEASE_TTL_MS} ms: until a step beyond the last one that was written`,
)
await harness.close()
await services.stop()
process.exit(0)
