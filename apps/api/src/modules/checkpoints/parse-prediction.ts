// The body of a prediction. Samples are many numbers: they are checked in one pass, not by a schema of every number.

import { type NestedNumbers, namedInputSchema, type PredictInput, type PredictRequest, predictRequestSchema } from '@trainyard/contracts'
import { type Parsed, parseWithIssues } from '@trainyard/engine/spec'
import type { Issue } from '@trainyard/errors'
import { z } from 'zod'

const envelopeSchema = predictRequestSchema.extend({ inputs: z.array(z.unknown()).min(1).max(1000) })

export function parsePrediction(body: unknown): Parsed<PredictRequest> {
  const envelope = parseWithIssues(envelopeSchema, body)
  if (!envelope.ok) return envelope
  const { inputs, top_k } = envelope.value
  const issues = inputs.flatMap((input, i) => mistakesOf(input, `inputs[${i}]`))
  if (issues.length > 0) return { ok: false, issues }
  return { ok: true, value: { top_k, inputs: inputs as PredictInput[] } }
}

function mistakesOf(input: unknown, path: string): readonly Issue[] {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) {
    const row = parseWithIssues(namedInputSchema, input, path)
    return row.ok ? [] : row.issues
  }
  const mistake = firstMistake(input, path)
  return mistake === null ? [] : [mistake]
}

/** Nesting is bounded by the reader of JSON. */
function firstMistake(value: unknown, path: string): Issue | null {
  if (typeof value === 'number') return null
  if (!Array.isArray(value)) {
    const shown = value === null ? 'null' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
    return {
      path,
      code: 'wrong_type',
      message: `It is ${shown}. Expected a number or a list of numbers.`,
      hint: 'Send nested lists of numbers, or a row of a table as an object.',
    }
  }
  for (let i = 0; i < value.length; i++) {
    if (typeof value[i] === 'number') continue
    const mistake = firstMistake(value[i], `${path}[${i}]`)
    if (mistake !== null) return mistake
  }
  return null
}

/** Numbers in a sample, at any depth. */
export function countNumbers(sample: NestedNumbers): number {
  if (typeof sample === 'number') return 1
  let count = 0
  for (const item of sample) count += typeof item === 'number' ? 1 : countNumbers(item)
  return count
}
