// Random access to the rows of a split: shards in shared memory where they fit, else positioned reads, row by row.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { DatasetManifest, DatasetTarget } from '@trainyard/contracts'
import { headerExtent, LENGTH_BYTES, parseHeader, type SafetensorsHeader, type TensorEntry } from '@trainyard/engine/safetensors'
import { TrainyardError } from '@trainyard/errors'

/** Data of one split that is kept in memory. MNIST takes 47 MB, CIFAR-10 154 MB. */
export const MEMORY_BYTES_MAX = 1 << 30

/** One shard, as plain data that can be sent to another thread. */
export interface ShardSlice {
  readonly path: string
  readonly firstRow: number
  readonly rows: number
  /** Offsets of the tensors in the file. */
  readonly sampleOffset: number
  readonly targetOffset: number
  /** The tensors' bytes, or null when rows are read from the file. */
  readonly samples: SharedArrayBuffer | null
  readonly targets: SharedArrayBuffer
}

export interface SplitRows {
  readonly rows: number
  readonly sampleType: 'U8' | 'F32'
  readonly sampleSize: number
  /** Numbers per target: 1 for class indices, 0 where there is none. */
  readonly targetSize: number
  /** U8: 0 or 1 for each label. */
  readonly targetType: 'I32' | 'F32' | 'U8'
  readonly shards: readonly ShardSlice[]
}

/**
 * Opens the shards of a split, checks each against the manifest, and loads what fits.
 * @param shardPaths key in the manifest → path of the file
 * @throws TrainyardError `internal` when a shard is missing or is not what the manifest says: the supervisor has compared its hash before
 */
export function openSplit(
  manifest: DatasetManifest,
  shardPaths: Readonly<Record<string, string>>,
  split: string,
  memoryBytesMax = MEMORY_BYTES_MAX,
): SplitRows {
  const description = manifest.splits[split]
  if (description === undefined) {
    throw new TrainyardError('invalid_training', {
      detail: `the dataset has no split "${split}"; it has ${Object.keys(manifest.splits).join(', ')}`,
      hint: 'Name one of these splits.',
    })
  }
  const sampleType = manifest.input.kind === 'image' ? 'U8' : 'F32'
  const { size: targetSize, type: targetType } = storedTarget(manifest.target)
  const inMemory = description.shards.reduce((sum, { bytes }) => sum + bytes, 0) <= memoryBytesMax
  let firstRow = 0
  const shards = description.shards.map(({ key, rows, bytes }): ShardSlice => {
    const path = shardPaths[key]
    if (path === undefined) throw damaged(key, 'no path was given')
    const file = openSync(path, 'r')
    try {
      const header = readHeader(file, key, bytes)
      const x = tensor(header, 'x', sampleType, [rows, ...manifest.input.shape], key)
      const y = targetSize === 0 ? null : tensor(header, 'y', targetType, targetType === 'I32' ? [rows] : [rows, targetSize], key)
      const slice = {
        path,
        firstRow,
        rows,
        sampleOffset: x.offset,
        targetOffset: y?.offset ?? 0,
        samples: inMemory ? load(file, x) : null,
        targets: y === null ? new SharedArrayBuffer(0) : load(file, y),
      }
      firstRow += rows
      return slice
    } finally {
      closeSync(file)
    }
  })
  const sampleSize = manifest.input.shape.reduce((product, size) => product * size, 1)
  return { rows: firstRow, sampleType, sampleSize, targetSize, targetType, shards }
}

/** How targets lie in the shards. */
function storedTarget(target: DatasetTarget): { readonly size: number; readonly type: SplitRows['targetType'] } {
  if (target.kind === 'class') return { size: 1, type: 'I32' }
  if (target.kind === 'value') return { size: target.size, type: 'F32' }
  return target.kind === 'multi_label' ? { size: target.classes.length, type: 'U8' } : { size: 0, type: 'U8' }
}

function readHeader(file: number, key: string, bytes: number): SafetensorsHeader {
  const fileBytes = fstatSync(file).size
  if (fileBytes !== bytes) throw damaged(key, `the file has ${fileBytes} bytes; the manifest says ${bytes}`)
  try {
    const length = new Uint8Array(LENGTH_BYTES)
    readFully(file, length, 0)
    const first = new Uint8Array(headerExtent(length, fileBytes))
    readFully(file, first, 0)
    return parseHeader(first, { fileBytes })
  } catch (cause) {
    throw damaged(key, cause instanceof Error ? cause.message : String(cause))
  }
}

function tensor(header: SafetensorsHeader, name: string, dtype: string, shape: readonly number[], key: string): TensorEntry {
  const entry = header.tensors.get(name)
  if (entry === undefined || entry.dtype !== dtype || entry.shape.join() !== shape.join()) {
    const found = entry === undefined ? 'nothing' : `${entry.dtype} [${entry.shape}]`
    throw damaged(key, `tensor ${name} is ${found}; the manifest says ${dtype} [${shape}]`)
  }
  return entry
}

function load(file: number, { offset, bytes }: TensorEntry): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(bytes)
  readFully(file, new Uint8Array(buffer), offset)
  return buffer
}

export function readFully(file: number, into: Uint8Array, position: number): void {
  for (let read = 0; read < into.length; ) {
    const n = readSync(file, into, read, into.length - read, position + read)
    if (n === 0) throw new Error(`the file ends at byte ${position + read}`)
    read += n
  }
}

function damaged(key: string, what: string): TrainyardError {
  return new TrainyardError('internal', { detail: `shard ${key} cannot be read: ${what}`, hint: 'Prepare the dataset again.' })
}
