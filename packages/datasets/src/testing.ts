// Helpers of this package's tests: sources in memory, IDX files, temporary folders, and shards read back.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { UploadRole } from '@trainyard/contracts'
import { parseHeader, readTensor } from '@trainyard/engine/safetensors'
import { TrainyardError } from '@trainyard/errors'
import { onTestFinished } from 'vitest'
import { bytesSource, type DataSource } from './formats/source.ts'
import type { PreparedDataset } from './prepare/manifest.ts'

/** Arrives in small pieces, so that every border within a chunk is met. */
export function memorySource(role: UploadRole, content: string | Uint8Array, pieceBytes = 1000): DataSource {
  return bytesSource(
    role,
    role === 'file' ? 'table.csv' : `${role}.idx`,
    typeof content === 'string' ? Buffer.from(content) : content,
    pieceBytes,
  )
}

export function idx(sizes: readonly number[], elements: ArrayLike<number>, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header[2] = type
  header[3] = sizes.length
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i)
  })
  return Buffer.concat([header, Uint8Array.from(elements)])
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-datasets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function pathsOf({ shardFiles }: PreparedDataset): Record<string, string> {
  return Object.fromEntries(shardFiles.map(({ key, path }) => [key, path]))
}

/** Samples and targets of a split, read back from its shards. */
export function contents(prepared: PreparedDataset, split: string): { x: number[]; y: number[] } {
  const paths = pathsOf(prepared)
  const x: number[] = []
  const y: number[] = []
  for (const { key } of prepared.manifest.splits[split]?.shards ?? []) {
    const bytes = readFileSync(paths[key] ?? '')
    const header = parseHeader(bytes)
    for (const value of readTensor(bytes, header, 'x', prepared.manifest.input.kind === 'image' ? 'U8' : 'F32')) x.push(value)
    for (const value of readTensor(bytes, header, 'y', prepared.manifest.target.kind === 'class' ? 'I32' : 'F32')) y.push(value)
  }
  return { x, y }
}

/** The error of a rejection; anything else fails the test. */
export async function rejection(work: Promise<unknown>): Promise<TrainyardError> {
  try {
    await work
  } catch (error) {
    if (error instanceof TrainyardError) return error
    throw error
  }
  throw new Error('expected a rejection')
}
