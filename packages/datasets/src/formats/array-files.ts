// Files of arrays as row sources: one .npy, the arrays of an .npz, the tensors of a safetensors file. Several arrays are columns; names like
// x_train, y_train, x_test, y_test are splits.

import type { ReadOptions } from '@trainyard/contracts'
import { type Dtype, headerExtent, LENGTH_BYTES, parseHeader, SafetensorsError } from '@trainyard/engine/safetensors'
import type { PrepareLimits } from '../limits.ts'
import { invalidData, shown } from '../problems.ts'
import { isLitter } from './archive/archive.ts'
import { openZip } from './archive/zip.ts'
import { arrayRows, rowBytes, type StoredArray } from './array-rows.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ElementType } from './element-types.ts'
import { countedReader } from './memory-reader.ts'
import { type NpyFile, openNpy } from './npy.ts'
import type { ColumnRole, RowSource } from './row-source.ts'
import { type DataSource, openSource, type RandomAccess } from './source.ts'
import { splitRows } from './split-rows.ts'

/** Arrays of one file. A row source keeps one open file per array. */
const ARRAYS_MAX = 256
const PIECE_BYTES = 1 << 18

const SPLITS: ReadonlyMap<string, string> = new Map([
  ['train', 'train'],
  ['test', 'test'],
  ['val', 'val'],
  ['valid', 'val'],
  ['validation', 'val'],
])
const ROLES: ReadonlyMap<string, ColumnRole> = new Map([
  ['x', 'input'],
  ['image', 'input'],
  ['images', 'input'],
  ['data', 'input'],
  ['features', 'input'],
  ['y', 'target'],
  ['label', 'target'],
  ['labels', 'target'],
  ['target', 'target'],
  ['targets', 'target'],
  ['group', 'group'],
  ['groups', 'group'],
])

const SAFETENSORS_TYPES: { readonly [D in Dtype]: ElementType | null } = {
  BOOL: 'bool',
  U8: 'uint8',
  I8: 'int8',
  F8_E5M2: null,
  F8_E4M3: null,
  I16: 'int16',
  U16: 'uint16',
  F16: 'float16',
  BF16: 'bfloat16',
  I32: 'int32',
  U32: 'uint32',
  F32: 'float32',
  F64: 'float64',
  I64: 'int64',
  U64: 'uint64',
}

export async function openNpyFile(source: DataSource, _: ReadOptions, limits: PrepareLimits, signal?: AbortSignal): Promise<RowSource> {
  const { reader, isPacked } = await openSource(source, limits, signal)
  await reader.close()
  const npy: NpyFile = {
    file: source.name,
    name: 'value',
    role: 'input',
    size: isPacked ? null : source.size,
    open: async (readSignal) => (await openSource(source, limits, readSignal)).reader,
  }
  return arrayRows([await openNpy(npy, limits, signal)], limits)
}

/** @throws TrainyardError `invalid_data`, or `executable_format` when one of the arrays holds Python objects */
export async function openNpz(source: DataSource, _: ReadOptions, limits: PrepareLimits, signal?: AbortSignal): Promise<RowSource> {
  const archive = await openZip(source, limits, signal)
  const entries = archive.entries.filter(({ path }) => !isLitter(path))
  checkCount(source.name, entries.length)
  const arrays: StoredArray[] = []
  for (const entry of entries) {
    const name = entry.path.replace(/\.npy$/, '')
    const open = async (readSignal: AbortSignal | undefined): Promise<ByteReader> => {
      const reader = await archive.open(readSignal)
      async function* bytes(): AsyncGenerator<Uint8Array> {
        try {
          yield* reader.stream(entry)
        } finally {
          await reader.close()
        }
      }
      return countedReader(bytes(), readSignal)
    }
    arrays.push(await openNpy({ file: source.name, name, role: null, size: entry.size, open }, limits, signal))
  }
  return bundleRows(source.name, arrays, limits)
}

export async function openSafetensors(source: DataSource, _: ReadOptions, limits: PrepareLimits, signal?: AbortSignal): Promise<RowSource> {
  const random = await source.openRandom()
  try {
    const header = await readSafetensorsHeader(random, source.name)
    checkCount(source.name, header.tensors.size)
    const arrays = [...header.tensors].map(([name, { dtype, shape, offset, bytes }]): StoredArray => {
      const type = SAFETENSORS_TYPES[dtype]
      const [rows, ...rowShape] = shape
      if (type === null || rows === undefined) {
        throw invalidData(source.name, {
          code: type === null ? 'unsupported_dtype' : 'bad_shape',
          what: `tensor ${shown(name)} of type ${dtype} and shape [${shape}]`,
          hint: 'Save tensors with one row per sample, as whole numbers or floats of 2 to 8 bytes.',
        })
      }
      const array: StoredArray = {
        file: source.name,
        name,
        role: null,
        type,
        littleEndian: true,
        rows,
        rowShape,
        bytesPresent: bytes,
        open: async (fromRow, readSignal) =>
          countedReader(rangeOf(source, offset + fromRow * rowBytes(array), offset + bytes, readSignal), readSignal),
      }
      return array
    })
    signal?.throwIfAborted()
    return bundleRows(source.name, arrays, limits)
  } finally {
    await random.close()
  }
}

async function readSafetensorsHeader(random: RandomAccess, name: string) {
  try {
    const extent = headerExtent(await random.read(0, LENGTH_BYTES), random.size)
    return parseHeader(await random.read(0, extent), { fileBytes: random.size })
  } catch (error) {
    if (!(error instanceof SafetensorsError)) throw error
    throw invalidData(name, { code: 'bad_safetensors', what: error.message, hint: 'Save the tensors again with the safetensors library.' })
  }
}

async function* rangeOf(source: DataSource, from: number, to: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const random = await source.openRandom()
  try {
    for (let at = from; at < to; at += PIECE_BYTES) {
      signal?.throwIfAborted()
      yield await random.read(at, Math.min(PIECE_BYTES, to - at))
    }
  } finally {
    await random.close()
  }
}

/** Columns side by side; one source per split where names tell splits. */
function bundleRows(file: string, arrays: readonly StoredArray[], limits: PrepareLimits): RowSource {
  const bySplit = new Map<string, StoredArray[]>()
  for (const array of arrays) {
    const { split, name } = splitOf(array.name)
    const role = ROLES.get(name.toLowerCase()) ?? null
    const members = bySplit.get(split) ?? []
    members.push({ ...array, name, role })
    bySplit.set(split, members)
  }
  const [first, ...others] = [...bySplit]
  if (first === undefined) throw new Error('checkCount let an empty file pass')
  if (others.length === 0) return arrayRows(first[1], limits)
  const order = first[1].map(({ name }) => name)
  const parts = [first, ...others].map(([split, members]) => {
    if (split === '') {
      throw invalidData(file, {
        code: 'mixed_splits',
        what: `arrays ${members.map(({ name }) => shown(name)).join(', ')} belong to no split, but others do`,
        hint: 'Name all arrays by split (x_train, y_train, x_test, y_test), or none.',
      })
    }
    const ordered = members.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    return { split, name: file, source: arrayRows(ordered, limits) }
  })
  return splitRows(parts.toSorted((a, b) => splitRank(a.split) - splitRank(b.split)))
}

/** Training rows first, whatever the order in the file. */
function splitRank(split: string): number {
  return ['train', 'val', 'test'].indexOf(split)
}

/** x_train → x of train; train_images → images of train. */
function splitOf(name: string): { split: string; name: string } {
  const parts = name.split('_')
  const [first = '', last = ''] = [parts[0], parts.at(-1)]
  if (parts.length > 1) {
    const atEnd = SPLITS.get(last.toLowerCase())
    if (atEnd !== undefined) return { split: atEnd, name: parts.slice(0, -1).join('_') }
    const atStart = SPLITS.get(first.toLowerCase())
    if (atStart !== undefined) return { split: atStart, name: parts.slice(1).join('_') }
  }
  return { split: '', name }
}

function checkCount(file: string, count: number): void {
  if (count >= 1 && count <= ARRAYS_MAX) return
  throw invalidData(file, {
    code: count === 0 ? 'empty_file' : 'too_many_arrays',
    what: `the file holds ${count} arrays; expected 1 to ${ARRAYS_MAX}`,
    hint: 'Save x and y (and, if there are any, splits as x_train, y_train, x_test, y_test).',
  })
}
