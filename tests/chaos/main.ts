// The real stack, busy clients, and faults at instants that follow from a seed; then the question whether anything was lost.
// usage: npm run chaos -- --faults 60 --seed 1 [--kinds kill_worker,full_disk] [--gap-ms 1000] [--clients 6]
//   [--queue redis|postgres] [--json FILE] [--verbose]

import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { fromWireId, type Job } from '@trainyard/contracts'
import { openStorage } from '@trainyard/storage'
import pg from 'pg'
import { startClients } from './clients.ts'
import { FAULTS, type FaultKind, possibleFaults, readFaultKinds } from './faults.ts'
import { countJobs, describeLosses, measure } from './measures.ts'
import { judge, type Outcome, outcomeOf } from './oracle.ts'
import { Choices } from './random.ts'
import { RecoveryWatch } from './recovery.ts'
import { type Campaign, describeCampaign, isClean, summaryOf } from './report.ts'
import { type Stack, startStack } from './stack.ts'
import { jobIdOf, prepareWorkloads, type Submitted, type Workload } from './workloads.ts'

const FINISH_MS = 180_000

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    kinds: { type: 'string' },
    'gap-ms': { type: 'string', default: '1000' },
    clients: { type: 'string', default: '6' },
    queue: { type: 'string', default: 'redis' },
    json: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
})

const log = values.verbose ? (line: string) => console.error(line) : () => {}
if (values.queue !== 'redis' && values.queue !== 'postgres') throw new Error(`--queue: "${values.queue}" is neither redis nor postgres`)
const stack = await startStack(log, { queue: values.queue })
const pool = new pg.Pool({ connectionString: stack.direct.databaseUrl, max: 4, connectionTimeoutMillis: 1000, query_timeout: 10_000 })
pool.on('error', () => {})
let campaign: Campaign
try {
  campaign = await run(stack)
} finally {
  await pool.end().catch(() => {})
  await stack.stop()
}
console.log(describeCampaign(campaign))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(summaryOf(campaign), null, 2)}\n`)
process.exit(isClean(campaign) ? 0 : 1)

async function run(stack: Stack): Promise<Campaign> {
  const seed = Number(values.seed)
  const choices = new Choices(seed)
  const kinds = chosenKinds(stack)
  const { all: workloads } = await prepareWorkloads(stack, choices)
  const undisturbed = await runUndisturbed(stack, workloads)
  const earlier = (await pool.query<{ id: string }>('SELECT id FROM jobs')).rows.map(({ id }) => id)
  log(`undisturbed runs are done; ${values.faults} faults follow`)

  const begun = performance.now()
  const clients = startClients(stack, workloads, { count: Number(values.clients), seed })
  const injected: Record<string, number> = {}
  const recoveries: Campaign['recoveries'][number][] = []
  const watch = new RecoveryWatch(stack, pool)
  const under: Promise<void>[] = []
  let deck: FaultKind[] = []
  for (let i = 0; i < Number(values.faults); i++) {
    const gapMs = Number(values['gap-ms'])
    await sleep(choices.between(0.2 * gapMs, 1.8 * gapMs))
    // Every kind comes up once in each round, in an order of its own.
    if (deck.length === 0) deck = choices.shuffled(kinds)
    const kind = deck.pop() ?? choices.oneOf(kinds)
    const fault = FAULTS[kind](stack, choices)
    log(`fault ${i + 1}: ${kind}`)
    injected[kind] = (injected[kind] ?? 0) + 1
    const felt = watch.measure(fault).then((ms) => {
      if (ms !== null) recoveries.push({ kind, ms })
    })
    // Awaited below; until then a failure is not unheard.
    felt.catch(() => {})
    under.push(felt)
  }
  await Promise.all(under)
  await clients.finish(FINISH_MS)
  await settle()
  const verdict = await judge(pool, {
    acknowledged: clients.acknowledged,
    attempted: clients.attempted,
    earlier,
    undisturbed,
    storage: openStorage(storageUrl(stack)),
  })
  const counts = await countJobs(pool, earlier)
  for (const loss of await describeLosses(pool)) log(loss)
  return {
    seed,
    seconds: (performance.now() - begun) / 1000,
    injected,
    ...counts,
    acknowledgedJobs: clients.acknowledged.length,
    refusals: clients.refusals,
    orphanFiles: await countOrphans(stack),
    recoveries,
    measures: await measure(pool, earlier),
    verdict,
  }
}

function chosenKinds(stack: Stack): readonly FaultKind[] {
  if (values.kinds !== undefined) return readFaultKinds(values.kinds)
  const { kinds, notes } = possibleFaults(stack)
  for (const note of notes) console.log(note)
  return kinds
}

/** One run of each workload before anything is disturbed. */
async function runUndisturbed(stack: Stack, workloads: readonly Workload[]): Promise<ReadonlyMap<string, Outcome>> {
  const headers = { authorization: `Bearer ${stack.apiKey}`, 'content-type': 'application/json' }
  const outcomes = new Map<string, Outcome>()
  for (const { name, path, body } of workloads) {
    const begun = performance.now()
    const response = await fetch(stack.direct.url + path, { method: 'POST', headers, body: JSON.stringify(body(name)) })
    if (!response.ok) throw new Error(`workload "${name}": ${response.status} ${await response.text()}`)
    const submitted = (await response.json()) as Submitted
    for (;;) {
      const job = (await (await fetch(`${stack.direct.url}/v1/jobs/${jobIdOf(submitted)}`, { headers })).json()) as Job
      if (job.state === 'succeeded') break
      if (job.terminal) throw new Error(`workload "${name}" ${job.state}: ${job.failure?.message}`)
      await sleep(50)
    }
    const outcome = await outcomeOf(pool, fromWireId('job', jobIdOf(submitted)) ?? '')
    log(`workload "${name}": ${outcome.points.size} metric rows, ${Math.round(performance.now() - begun)} ms undisturbed`)
    outcomes.set(name, outcome)
  }
  return outcomes
}

/** Jobs whose submission was never answered end too. */
async function settle(): Promise<void> {
  for (const end = performance.now() + FINISH_MS; performance.now() < end; await sleep(100)) {
    const { rows } = await pool
      .query<{ open: number }>("SELECT count(*)::int AS open FROM runs WHERE state NOT IN ('succeeded', 'failed', 'cancelled')")
      .catch(() => ({ rows: [{ open: 1 }] }))
    if (rows[0]?.open === 0) return
  }
}

function storageUrl({ directory }: Stack): string {
  return pathToFileURL(`${directory}/storage`).href
}

/** Files of checkpoints that no row names: what killed attempts have left. */
async function countOrphans(stack: Stack): Promise<number> {
  const { rows } = await pool.query<{ object_key: string }>('SELECT object_key FROM checkpoints')
  const known = new Set(rows.map(({ object_key }) => object_key))
  let orphans = 0
  for await (const { key } of openStorage(storageUrl(stack)).list('checkpoints/')) if (!known.has(key)) orphans++
  return orphans
}
