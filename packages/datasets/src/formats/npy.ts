// The .npy format of NumPy (numpy.lib.format, versions 1 to 3): magic, header length, a Python dictionary as text, then the elements.
// The dictionary is parsed by a grammar of exactly what NumPy writes; nothing is evaluated. Arrays of Python objects are pickles, and refused.

import { TrainyardError } from '@trainyard/errors'
import type { PrepareLimits } from '../limits.ts'
import { invalidData, shown } from '../problems.ts'
import { rowBytes, type StoredArray, wrongSize } from './array-rows.ts'
import type { ByteReader } from './byte-reader.ts'
import { ELEMENT_BYTES, type ElementType } from './element-types.ts'
import { memoryReader } from './memory-reader.ts'
import type { ColumnRole } from './row-source.ts'

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]
/** NumPy's own bound for headers of arrays without objects. */
const HEADER_BYTES_MAX = 10_000
const RANK_MAX = 8
/** Largest array in Fortran order, which is read whole to be turned around. */
const FORTRAN_BYTES_MAX = 256 << 20

/** NumPy's letter and size → element type. */
const TYPES: ReadonlyMap<string, ElementType> = new Map([
  ['b1', 'bool'],
  ['u1', 'uint8'],
  ['i1', 'int8'],
  ['u2', 'uint16'],
  ['i2', 'int16'],
  ['u4', 'uint32'],
  ['i4', 'int32'],
  ['u8', 'uint64'],
  ['i8', 'int64'],
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
])

export interface NpyFile {
  readonly file: string
  readonly name: string
  readonly role: ColumnRole | null
  /** Bytes of the whole .npy file, where they are known before reading. */
  readonly size: number | null
  open(signal: AbortSignal | undefined): Promise<ByteReader>
}

interface NpyHeader {
  readonly type: ElementType
  readonly littleEndian: boolean
  readonly isFortran: boolean
  readonly shape: readonly number[]
  readonly headerBytes: number
}

/** @throws TrainyardError `invalid_data`, or `executable_format` for an array of Python objects */
export async function openNpy(npy: NpyFile, limits: PrepareLimits, signal?: AbortSignal): Promise<StoredArray> {
  const reader = await npy.open(signal)
  try {
    const { type, littleEndian, isFortran, shape, headerBytes } = await readHeader(reader, npy.file)
    const [rows, ...rowShape] = shape
    if (rows === undefined) {
      throw invalidData(npy.file, {
        code: 'bad_shape',
        what: `array "${npy.name}" is a single number`,
        hint: 'Save an array with one row per sample.',
      })
    }
    const array: StoredArray = {
      file: npy.file,
      name: npy.name,
      role: npy.role,
      type,
      littleEndian,
      rows,
      rowShape,
      bytesPresent: npy.size === null ? null : npy.size - headerBytes,
      pixelOrder: isChannelsLast(rowShape) ? 'channels_last' : 'channels_first',
      async open(fromRow, readSignal) {
        const opened = await npy.open(readSignal)
        await opened.skip(headerBytes)
        if (isFortran && rowShape.length > 0) return await rowMajor(opened, array, fromRow, limits)
        await opened.skip(fromRow * rowBytes(array))
        return opened
      },
    }
    return array
  } finally {
    await reader.close()
  }
}

async function readHeader(reader: ByteReader, file: string): Promise<NpyHeader> {
  const bad = (what: string) => invalidData(file, { code: 'bad_npy', what, hint: 'Save the array again with numpy.save.' })
  const prefix = Uint8Array.from(await reader.peek(12))
  if (!MAGIC.every((byte, i) => prefix[i] === byte)) throw bad('the file does not begin like a .npy file')
  const version = prefix[6] ?? 0
  if (version < 1 || version > 3) throw bad(`version ${version} of the format; expected 1 to 3`)
  const view = new DataView(prefix.buffer)
  const lengthBytes = version === 1 ? 2 : 4
  if (prefix.length < 8 + lengthBytes) throw bad('the file ends within its header')
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > HEADER_BYTES_MAX) throw bad(`the header declares ${length} bytes; expected at most ${HEADER_BYTES_MAX}`)
  const header = new Uint8Array(8 + lengthBytes + length)
  if ((await reader.readInto(header)) < header.length) throw bad('the file ends within its header')
  const text = Buffer.from(header.subarray(8 + lengthBytes)).toString('latin1')
  return { ...parseDictionary(text, file, bad), headerBytes: header.length }
}

/** {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } with the keys in any order. */
function parseDictionary(text: string, file: string, bad: (what: string) => Error): Omit<NpyHeader, 'headerBytes'> {
  const descr = /'descr'\s*:\s*'([^']{1,32})'/.exec(text)?.[1]
  const order = /'fortran_order'\s*:\s*(True|False)\b/.exec(text)?.[1]
  const sizes = /'shape'\s*:\s*\(([\d,\sL]{0,300})\)/.exec(text)?.[1]
  if (/'descr'\s*:\s*\[/.test(text)) {
    throw invalidData(file, {
      code: 'unsupported_dtype',
      what: 'an array of records (structured dtype)',
      hint: 'Save each field as an array of its own, in one .npz file.',
    })
  }
  if (descr === undefined || order === undefined || sizes === undefined)
    throw bad('the header is no dictionary of descr, fortran_order and shape')
  if (descr.includes('O')) {
    throw new TrainyardError('executable_format', {
      detail: `${file} holds an array of Python objects, which is a pickle and refused`,
      hint: 'Save numbers: array.astype("float32"). A pickle can run any program when it is opened.',
    })
  }
  const type = TYPES.get(descr.slice(1))
  if (type === undefined || !'<>|='.includes(descr[0] ?? '')) {
    throw invalidData(file, {
      code: 'unsupported_dtype',
      what: `elements of type ${shown(descr)}; expected booleans, whole numbers or floats of up to 8 bytes`,
      hint: 'Convert the array with astype before saving: texts to class numbers, complex numbers to two columns.',
    })
  }
  const shape = sizes
    .split(',')
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number)
  if (shape.length > RANK_MAX || shape.some((size) => !Number.isSafeInteger(size)))
    throw bad(`a shape of (${sizes}); expected up to ${RANK_MAX} sizes`)
  const bytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[type])
  if (!Number.isSafeInteger(bytes)) throw bad(`a shape of (${sizes}), which is more than any file holds`)
  return { type, littleEndian: descr[0] !== '>', isFortran: order === 'True', shape }
}

/** NumPy keeps pictures as [height, width, channels]. */
function isChannelsLast([a, , c]: readonly number[]): boolean {
  return (c === 1 || c === 3) && a !== 1 && a !== 3
}

/** Turns an array in Fortran order around, in memory. */
async function rowMajor(reader: ByteReader, array: StoredArray, fromRow: number, { sampleBytesMax }: PrepareLimits): Promise<ByteReader> {
  const { rows, rowShape, type } = array
  const total = rows * rowBytes(array)
  const bytesMax = Math.max(FORTRAN_BYTES_MAX, sampleBytesMax)
  if (total > bytesMax) {
    await reader.close()
    throw invalidData(array.file, {
      code: 'fortran_order',
      what: `an array in Fortran order of ${total} bytes; expected at most ${bytesMax}`,
      hint: 'Save numpy.ascontiguousarray(array).',
    })
  }
  const columnMajor = await readCounted(reader, array, total)
  const size = ELEMENT_BYTES[type]
  const result = new Uint8Array(total)
  const strides = rowShape.map((_, axis) => rowShape.slice(0, axis).reduce((product, count) => product * count, rows))
  const rowSize = rowShape.reduce((product, count) => product * count, 1)
  for (let within = 0; within < rowSize; within++) {
    let rest = within
    let start = 0
    for (let axis = rowShape.length - 1; axis >= 0; axis--) {
      const count = rowShape[axis] as number
      start += (rest % count) * (strides[axis] as number)
      rest = Math.floor(rest / count)
    }
    for (let row = 0; row < rows; row++) {
      const from = (start + row) * size
      const to = (row * rowSize + within) * size
      for (let byte = 0; byte < size; byte++) result[to + byte] = columnMajor[from + byte] as number
    }
  }
  return memoryReader(result.subarray(fromRow * rowSize * size))
}

/** Exactly these bytes; grows as they arrive, since a header inside of an archive may claim anything. */
async function readCounted(reader: ByteReader, array: StoredArray, total: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let got = 0
  try {
    for await (const chunk of reader.rest()) {
      chunks.push(Uint8Array.from(chunk))
      got += chunk.length
      if (got > total) throw wrongSize(array, 'more are present')
    }
  } finally {
    await reader.close()
  }
  if (got < total) throw wrongSize(array, `${got} are present`)
  return Buffer.concat(chunks)
}
