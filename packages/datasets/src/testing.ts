// Helpers of this package's tests: sources in memory, IDX files, temporary folders, and shards read back.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import type { ReadOptions, UploadRole } from '@trainyard/contracts'
import { parseHeader, readTensor } from '@trainyard/engine/safetensors'
import { TrainyardError } from '@trainyard/errors'
import { pack } from 'tar-stream'
import { onTestFinished } from 'vitest'
import { ZipFile } from 'yazl'
import { openRows } from './formats/open-rows.ts'
import type { RowPosition, RowSource } from './formats/row-source.ts'
import { bytesSource, type DataSource } from './formats/source.ts'
import { PREPARE_LIMITS, type PrepareLimits } from './limits.ts'
import type { PreparedDataset } from './prepare/manifest.ts'
import type { Problem } from './problems.ts'

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

export function pathsOf({ files }: PreparedDataset): Record<string, string> {
  return Object.fromEntries(files.map(({ key, path }) => [key, path]))
}

const TARGET_TYPES = { class: 'I32', multi_label: 'U8', value: 'F32', none: null } as const

/** Samples and targets of a split, read back from its shards. */
export function contents(prepared: PreparedDataset, split: string): { x: number[]; y: number[] } {
  const paths = pathsOf(prepared)
  const x: number[] = []
  const y: number[] = []
  for (const { key } of prepared.manifest.splits[split]?.shards ?? []) {
    const bytes = readFileSync(paths[key] ?? '')
    const header = parseHeader(bytes)
    for (const value of readTensor(bytes, header, 'x', prepared.manifest.input.kind === 'image' ? 'U8' : 'F32')) x.push(value)
    const type = TARGET_TYPES[prepared.manifest.target.kind]
    if (type !== null) for (const value of readTensor(bytes, header, 'y', type)) y.push(value)
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

export interface ReadRows {
  readonly source: RowSource
  /** Tensor columns as lists of numbers per row, cells as texts. */
  readonly rows: (string | number[])[][]
  readonly problems: Problem[]
  readonly rowNumbers: number[]
}

/** Everything that a reader gives, copied out of its reused arrays. */
export async function readAll(
  sources: DataSource | readonly DataSource[],
  options: ReadOptions = {},
  limits: Partial<PrepareLimits> = {},
  from?: RowPosition,
): Promise<ReadRows> {
  const source = await openRows('open' in sources ? [sources] : sources, options, { ...PREPARE_LIMITS, ...limits })
  const problems: Problem[] = []
  const rows: (string | number[])[][] = []
  const rowNumbers: number[] = []
  for await (const batch of source.read({ onProblem: (problem) => problems.push(problem), ...(from === undefined ? {} : { from }) })) {
    for (let row = 0; row < batch.rows; row++) {
      rowNumbers.push(batch.rowNumber(row))
      rows.push(batch.columns.map((column) => (column.kind === 'cells' ? column.text(row) : rowOf(column.data, batch.rows, row))))
    }
  }
  return { source, rows, problems, rowNumbers }
}

function rowOf(data: Uint8Array | Float32Array, rows: number, row: number): number[] {
  const size = data.length / rows
  return [...data.subarray(row * size, (row + 1) * size)]
}

/** A zip as yazl writes it. */
export async function zipOf(files: Readonly<Record<string, Uint8Array | string>>, compress = true): Promise<Buffer> {
  const zip = new ZipFile()
  for (const [path, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), path, { compress })
  zip.end()
  return await buffer(zip.outputStream)
}

/** A tar as tar-stream writes it. */
export async function tarOf(files: Readonly<Record<string, Uint8Array | string>>): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, Buffer.from(content))
  tar.finalize()
  return await buffer(tar)
}
