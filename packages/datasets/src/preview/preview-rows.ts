// Rows of a window as JSON: categories and labels by name, dates as dates, missing values as null.

import type { DatasetManifest, PreviewRow, RowIndex } from '@trainyard/contracts'
import { toWireDate, toWireFloat32 } from '@trainyard/contracts'
import type { RowWindow } from './read-window.ts'

/** Columns that are shown. */
const COLUMNS_MAX = 200

export function previewRows({ input, target, index }: DatasetManifest, window: RowWindow, offset: number): PreviewRow[] {
  const size = input.shape.reduce((product, length) => product * length, 1)
  return Array.from({ length: window.rows }, (_, row) => ({
    row: offset + row,
    // Of images the contact sheet shows the pixels.
    values: input.kind === 'image' ? null : valuesOf(input, index?.types ?? [], window.samples, row * size),
    target: targetOf(target, window.targets, row),
  }))
}

type Features = Extract<DatasetManifest['input'], { kind: 'features' }>

function valuesOf(input: Features, types: RowIndex['types'], samples: RowWindow['samples'], at: number) {
  return input.columns.slice(0, COLUMNS_MAX).map((name, i) => {
    const value = samples[at + i] as number
    const labels = input.categories?.[i] ?? null
    if (Number.isNaN(value)) return { name, value: null }
    if (labels !== null) return { name, value: labels[value] ?? null }
    return { name, value: types[i] === 'date' ? toWireDate(value) : toWireFloat32(value) }
  })
}

function targetOf(target: DatasetManifest['target'], targets: RowWindow['targets'], row: number): PreviewRow['target'] {
  if (target.kind === 'none' || targets === null) return null
  if (target.kind === 'class') return target.classes[targets[row] as number] ?? null
  const size = target.kind === 'value' ? target.size : target.classes.length
  const values = Array.from(targets.subarray(row * size, (row + 1) * size))
  if (target.kind === 'value') return values.map(toWireFloat32)
  return target.classes.filter((_, i) => values[i] === 1)
}
