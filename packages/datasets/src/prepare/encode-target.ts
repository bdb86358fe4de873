// From the cells of a row to what its shard holds as target.

import type { DatasetTarget } from '@trainyard/contracts'
import { hashWords } from '../hash/murmur.ts'
import type { CheckedTarget } from './checked-rows.ts'
import { orderedClasses } from './classes.ts'
import type { TargetArray, TargetLayout } from './shard-writer.ts'
import type { SpoolBlock } from './spool.ts'

export interface TargetEncoder {
  readonly target: DatasetTarget
  readonly layout: TargetLayout
  /** Row `row` of the block, the `good`-th row that is used, to place `into`. */
  encode(block: SpoolBlock, row: number, good: number, targets: TargetArray, into: number): void
}

export function createTargetEncoder(checked: CheckedTarget): TargetEncoder {
  if (checked.kind === 'none') return { target: { kind: 'none' }, layout: { type: null, size: 0 }, encode: () => {} }
  if (checked.kind === 'class') return classEncoder(checked)
  if (checked.kind === 'value') {
    const { columns } = checked
    return {
      target: { kind: 'value', size: columns.length, columns: columns.map(({ name }) => name) },
      layout: { type: 'F32', size: columns.length },
      encode: ({ cells, stride }, row, _, targets, into) => {
        for (let i = 0; i < columns.length; i++) {
          targets[into * columns.length + i] = cells[(columns[i] as (typeof columns)[number]).at * stride + row] as number
        }
      },
    }
  }
  return checked.listed === null ? columnLabels(checked.columns) : listedLabels(checked.columns[0]?.at ?? 0, checked.listed)
}

function classEncoder({ labels, ids, coarse }: Extract<CheckedTarget, { kind: 'class' }>): TargetEncoder {
  const { labels: classes, place } = labels.ordered()
  const classIds = ids.values
  const target: DatasetTarget = { kind: 'class', classes }
  if (coarse !== null) {
    const { labels: coarseClasses, place: coarsePlace } = coarse.labels.ordered()
    const of = new Array<number>(classes.length).fill(0)
    for (const [id, coarseId] of coarse.of) of[place[id] ?? 0] = coarsePlace[coarseId] ?? 0
    target.coarse = { classes: coarseClasses, of }
  }
  return {
    target,
    layout: { type: 'I32', size: 1 },
    encode: (_block, _row, good, targets, into) => {
      targets[into] = place[classIds[good] as number] as number
    },
  }
}

function columnLabels(columns: readonly { readonly name: string; readonly at: number }[]): TargetEncoder {
  return {
    target: { kind: 'multi_label', classes: columns.map(({ name }) => name) },
    layout: { type: 'U8', size: columns.length },
    encode: ({ cells, stride }, row, _, targets, into) => {
      columns.forEach(({ at }, i) => {
        targets[into * columns.length + i] = cells[at * stride + row] as number
      })
    },
  }
}

function listedLabels(
  at: number,
  { labels, idsOfText }: NonNullable<Extract<CheckedTarget, { kind: 'multi_label' }>['listed']>,
): TargetEncoder {
  const { labels: classes, place } = labels.ordered()
  return {
    target: { kind: 'multi_label', classes: orderedClasses(classes) },
    layout: { type: 'U8', size: classes.length },
    encode: (block, row, _, targets, into) => {
      targets.fill(0, into * classes.length, (into + 1) * classes.length)
      for (const id of idsOfText(block, at * block.stride + row)) targets[into * classes.length + (place[id] as number)] = 1
    },
  }
}

/** A number that equal targets share; float32 holds it exactly. */
export function targetKey(targets: TargetArray, row: number, size: number): number {
  if (size === 1) return targets[row] as number
  if (size === 0) return 0
  const words = Uint32Array.from(targets.subarray(row * size, (row + 1) * size), (value) => floatBits(value))
  return hashWords(words, 0, size) % 0x100_0000
}

const FLOAT = new Float32Array(1)
const BITS = new Uint32Array(FLOAT.buffer)

function floatBits(value: number): number {
  FLOAT[0] = value
  return BITS[0] as number
}
