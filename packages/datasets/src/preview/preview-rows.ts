// Rows of a window as JSON: categories and labels by name, missing values as null.

import type { DatasetManifest, PreviewRow } from '@trainyard/contracts'
import { toWireFloat32 } from '@trainyard/contracts'
import type { RowWindow } from './read-window.ts'

/** Columns that are shown. */
const COLUMNS_MAX = 200

export function previewRows({ input, target }: DatasetManifest, window: RowWindow, offset: number): PreviewRow[] {
  const size = input.shape.reduce((product, length) => product * length, 1)
  return Array.from({ length: window.rows }, (_, row) => ({
    row: offset + row,
    // Of images the contact sheet shows the pixels.
    values: input.kind === 'image' ? null : valuesOf(input, window.samples, row * size),
    target: targetOf(target, window.targets, row),
  }))
}

function valuesOf(input: Extract<DatasetManifest['input'], { kind: 'features' }>, samples: RowWindow['samples'], at: number) {
  const entries = input.columns.slice(0, COLUMNS_MAX).map((name, i) => {
    const value = samples[at + i] as number
    const labels = input.categories?.[i] ?? null
    if (Number.isNaN(value)) return { name, value: null }
    return { name, value: labels === null ? toWireFloat32(value) : (labels[value] ?? null) }
  })
  return entries
}

function targetOf(target: DatasetManifest['target'], targets: RowWindow['targets'], row: number): PreviewRow['target'] {
  if (target.kind === 'none' || targets === null) return null
  if (target.kind === 'class') return target.classes[targets[row] as number] ?? null
  const size = target.kind === 'value' ? target.size : target.classes.length
  const values = Array.from(targets.subarray(row * size, (row + 1) * size))
  if (target.kind === 'value') return values.map(toWireFloat32)
  return target.classes.filter((_, i) => values[i] === 1)
}
