// Mutated files for every reader of uploads; each parser in a process of its own, which is killed when one input hangs.
// usage: npm run fuzz -- --inputs 100000 --seed 1 [--format csv,zip] [--json FILE]; one input again: --format csv --only 4711

import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type CampaignResult, makeInput, runCampaign } from './campaign.ts'
import { makeParser, PARSERS, type ParserName } from './parsers.ts'

/** Silence of a parser's process after which its input hangs. */
const HANG_MS = 20_000
/** The same before its first input: loading and making the seeds on a busy machine. */
const START_MS = 120_000
/** Inputs between two signs of life. */
const REPORT_EVERY = 64

type Message = { readonly at: number } | { readonly result: CampaignResult }

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    format: { type: 'string', default: PARSERS.join(',') },
    only: { type: 'string' },
    json: { type: 'string' },
    child: { type: 'boolean', default: false },
  },
})
const names = values.format.split(',').map((name) => {
  const found = PARSERS.find((parser) => parser === name)
  if (found === undefined) throw new Error(`--format ${name}: expected some of ${PARSERS.join(', ')}`)
  return found
})
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const [first] = names

if (values.child && first !== undefined) await runChild(first)
else if (values.only !== undefined && first !== undefined) await runOne(first, Number(values.only))
else await runAll()

async function runChild(name: ParserName): Promise<void> {
  const send = (message: Message) => process.send?.(message)
  const onInput = (index: number) => {
    if (index % REPORT_EVERY === 0) send({ at: index })
  }
  send({ result: await runCampaign(await makeParser(name), { name, seed, inputs, onInput }) })
  process.disconnect()
}

async function runOne(name: ParserName, index: number): Promise<void> {
  const parser = await makeParser(name)
  const input = makeInput(parser, name, seed, index)
  console.log(input.toString('base64'))
  console.log(await parser.run(input))
}

async function runAll(): Promise<void> {
  const results: CampaignResult[] = []
  let isClean = true
  console.log('| parser | inputs | read | with problems | refused | findings | slowest | memory | time |')
  console.log('|---|---:|---:|---:|---:|---:|---:|---:|---:|')
  for (const name of names) {
    const outcome = await runParser(name)
    if (typeof outcome === 'string') {
      isClean = false
      console.log(`| ${name} | | | | | ${outcome} | | | |`)
      continue
    }
    results.push(outcome)
    isClean &&= outcome.findingCount === 0
    console.log(describe(outcome))
    for (const { kind, index, detail } of outcome.findings) console.log(`${name} ${index}: ${kind}: ${detail}`)
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ seed, results }, null, 1)}\n`)
  process.exitCode = isClean ? 0 : 1
}

/** The result, or why there is none. */
async function runParser(name: ParserName): Promise<CampaignResult | string> {
  const args = ['--child', '--format', name, '--inputs', String(inputs), '--seed', String(seed)]
  const child = fork(fileURLToPath(import.meta.url), args, {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return await new Promise((resolve) => {
    let at = 0
    let result: CampaignResult | undefined
    let timer: NodeJS.Timeout | undefined
    const watch = (silenceMs: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        child.kill('SIGKILL')
        resolve(`HANG within ${REPORT_EVERY} inputs after ${at}`)
      }, silenceMs)
    }
    watch(START_MS)
    child.on('message', (message: Message) => {
      watch(HANG_MS)
      if ('at' in message) at = message.at
      else result = message.result
    })
    child.on('exit', (code, signal) => {
      clearTimeout(timer)
      resolve(result ?? `DIED with ${signal ?? code} within ${REPORT_EVERY} inputs after ${at}`)
    })
  })
}

function describe(result: CampaignResult): string {
  const refused = Object.values(result.refused).reduce((sum, count) => sum + count, 0)
  const cells = [
    result.name,
    result.inputs,
    result.rows,
    result.problems,
    refused,
    result.findingCount,
    `${result.slowestMs.toFixed(0)} ms`,
    `${(result.growthBytes / (1 << 20)).toFixed(0)} MiB`,
    `${result.seconds.toFixed(0)} s`,
  ]
  return `| ${cells.join(' | ')} |`
}
