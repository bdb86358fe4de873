// A model as a table: layers, shapes, parameters, operations, bytes. Pure; `npm run explain SPEC` prints it.

import type { ModelSpec } from './model-spec.ts'
import { resolveModel } from './resolve-model.ts'

const FLOAT_BYTES = 4

export interface ExplainedLayer {
  readonly id: string
  readonly type: string
  /** Names of what it reads; the model's input is "input" in a chain. */
  readonly inputs: readonly string[]
  /** Without the batch. */
  readonly output: readonly number[]
  readonly parameters: number
  /** Forward floating point operations for one row; a multiply-add counts two. */
  readonly flops: number
  /** Of its parameters, at float32. */
  readonly parameterBytes: number
  /** Of its output for one row, at float32; 0 where it shares memory with its input. */
  readonly activationBytes: number
}

export interface Explanation {
  readonly layers: readonly ExplainedLayer[]
  readonly total: Pick<ExplainedLayer, 'parameters' | 'flops' | 'parameterBytes' | 'activationBytes'>
}

/** @throws Error when the specification is not valid */
export function explainModel(spec: ModelSpec): Explanation {
  const layers = resolveModel(spec).layers.map(
    ({ id, type, inputs, output, parameterCount, flops, activations }): ExplainedLayer => ({
      id,
      type,
      inputs: inputs.map((name) => (name.startsWith('$') ? name.slice(1) : name)),
      output,
      parameters: parameterCount,
      flops,
      parameterBytes: parameterCount * FLOAT_BYTES,
      activationBytes: activations * FLOAT_BYTES,
    }),
  )
  const sum = (of: (layer: ExplainedLayer) => number) => layers.reduce((total, layer) => total + of(layer), 0)
  return {
    layers,
    total: {
      parameters: sum(({ parameters }) => parameters),
      flops: sum(({ flops }) => flops),
      parameterBytes: sum(({ parameterBytes }) => parameterBytes),
      activationBytes: sum(({ activationBytes }) => activationBytes),
    },
  }
}

/** The table as text, numbers to the right. */
export function formatExplanation({ layers, total }: Explanation): string {
  const number = (value: number) => value.toLocaleString('en-US')
  const head = ['layer', 'type', 'reads', 'output', 'parameters', 'FLOPs', 'weight bytes', 'output bytes']
  const rows = layers.map(({ id, type, inputs, output, ...layer }) => [
    id,
    type,
    inputs.join(', '),
    `[${output.join(', ')}]`,
    ...[layer.parameters, layer.flops, layer.parameterBytes, layer.activationBytes].map(number),
  ])
  const sums = ['total', '', '', '', ...[total.parameters, total.flops, total.parameterBytes, total.activationBytes].map(number)]
  const all = [head, ...rows, sums]
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width + 2, -2))
  return [line(head), rule, ...rows.map(line), rule, line(sums)].join('\n')
}
