// Runs inputs of one parser and judges each: read, read with problems, refused with a typed error, or a finding.

import { TrainyardError } from '@trainyard/errors'
import { mutated } from './mutate.ts'
import type { Parser, ParserName } from './parsers.ts'
import { Choices } from './random.ts'

/** A parser that is busy with 64 KiB for longer hangs, for all that a user can tell. */
export const INPUT_MS_MAX = 2000
/** Growth of the process that is no longer noise: buffers of several inputs and the code itself are below. */
export const GROWTH_BYTES_MAX = 256 << 20
/** Inputs between two looks at memory. */
const CHECK_EVERY = 256
/** Codes that refuse an input. */
const REFUSALS: ReadonlySet<string> = new Set(['invalid_data', 'executable_format'])
/** Findings that are kept. */
const FINDINGS_MAX = 10

export interface Finding {
  readonly kind: 'crash' | 'slow' | 'memory'
  readonly index: number
  readonly detail: string
  /** Base64. */
  readonly input: string
}

export interface CampaignResult {
  readonly name: ParserName
  readonly inputs: number
  readonly rows: number
  readonly problems: number
  /** Issue code → inputs. */
  readonly refused: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
  readonly findingCount: number
  readonly slowestMs: number
  readonly growthBytes: number
  readonly seconds: number
}

export interface CampaignOptions {
  readonly name: ParserName
  readonly seed: number
  readonly inputs: number
  /** Called before each input. */
  readonly onInput?: (index: number) => void
}

/** The input of this number, the same whenever it is asked for. */
export function makeInput(parser: Parser, name: ParserName, seed: number, index: number): Buffer {
  const choices = new Choices(seed, name, index)
  const input = mutated(parser.seeds, parser.dictionary, choices)
  return parser.repair !== undefined && choices.below(2) === 0 ? parser.repair(input, choices) : input
}

export async function runCampaign(parser: Parser, { name, seed, inputs, onInput }: CampaignOptions): Promise<CampaignResult> {
  const refused = new Map<string, number>()
  const findings: Finding[] = []
  let [rows, problems, findingCount, slowestMs, growthBytes] = [0, 0, 0, 0, 0]
  // Seeds first: all code is loaded before memory is compared.
  for (const seedInput of parser.seeds) await parser.run(Buffer.from(seedInput)).catch(() => {})
  const before = process.memoryUsage.rss()
  const begun = performance.now()
  for (let index = 0; index < inputs; index++) {
    onInput?.(index)
    const input = makeInput(parser, name, seed, index)
    const add = (kind: Finding['kind'], detail: string) => {
      findingCount++
      if (findings.length < FINDINGS_MAX) findings.push({ kind, index, detail, input: input.toString('base64') })
    }
    const started = performance.now()
    try {
      if ((await parser.run(input)) === 'rows') rows++
      else problems++
    } catch (error) {
      if (error instanceof TrainyardError && REFUSALS.has(error.code)) {
        const code = error.issues[0]?.code ?? error.code
        refused.set(code, (refused.get(code) ?? 0) + 1)
      } else add('crash', error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    const ms = performance.now() - started
    slowestMs = Math.max(slowestMs, ms)
    if (ms > INPUT_MS_MAX) add('slow', `${ms.toFixed(0)} ms`)
    if (index % CHECK_EVERY === 0) {
      const growth = process.memoryUsage.rss() - before
      growthBytes = Math.max(growthBytes, growth)
      if (growth > GROWTH_BYTES_MAX) add('memory', `${growth} bytes more than at the start`)
    }
  }
  return {
    name,
    inputs,
    rows,
    problems,
    refused: Object.fromEntries([...refused].sort(([, a], [, b]) => b - a)),
    findings,
    findingCount,
    slowestMs,
    growthBytes,
    seconds: (performance.now() - begun) / 1000,
  }
}
