// How long a client waits on an idle worker: submit → first training step, submit → succeeded, for XOR (2-8-2, 200 steps), as the database
// shows it. `node --import tsx bench/latency.ts [redis|postgres]`

import { setTimeout as sleep } from 'node:timers/promises'
import { startTestServices } from '@trainyard/testkit'
import { Harness } from '../apps/worker/src/testing/harness.ts'
import { XOR_CSV, XOR_OPTIONS, xorRun } from '../apps/worker/src/testing/samples.ts'

const RUNS = 7
/** The worker loads its next trainer meanwhile. */
const IDLE_MS = 4000

const queue = process.argv[2] ?? 'redis'
const services = await startTestServices({ redis: queue === 'redis' })
const harness = await Harness.open(services)
const worker = await harness.startWorker({ LEASE_TTL_MS: '30000' })
const { versionId, runId } = await harness.upload({ file: XOR_CSV }, XOR_OPTIONS)
await harness.waitForEnd(runId)

const firstStep: number[] = []
const succeeded: number[] = []
for (let i = 0; i < RUNS; i++) {
  await sleep(IDLE_MS)
  const submittedAt = performance.now()
  const id = await harness.submit(xorRun(versionId))
  await harness.waitFor(id, (run) => run.lastStep > 0 || run.finishedAt !== null)
  firstStep.push(performance.now() - submittedAt)
  const run = await harness.waitForEnd(id)
  succeeded.push(performance.now() - submittedAt)
  if (run.state !== 'succeeded') throw new Error(`run ${id} is ${run.state}: ${JSON.stringify(run.failure)}`)
}
const describe = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b).map(Math.round)
  return `median ${sorted[sorted.length >> 1]} ms, worst ${sorted.at(-1)} ms of ${RUNS}`
}
console.log(`queue on ${queue}, polled every 20 ms`)
console.log(`submit → first training step  ${describe(firstStep)}`)
console.log(`submit → succeeded            ${describe(succeeded)}`)

await worker.kill('SIGTERM')
await harness.close()
await services.stop()
process.exit(0)
