// The IDX format of MNIST (http://yann.lecun.com/exdb/mnist): 0 0 type dimensions, the sizes as 32-bit big-endian numbers, then the elements,
// big-endian, row by row. Read as a stream: nothing is allocated by what the header claims beyond one batch of rows.

import type { PrepareLimits } from '../limits.ts'
import { invalidData } from '../problems.ts'
import { rowBytes, type StoredArray } from './array-rows.ts'
import { IDX_TYPES } from './idx-types.ts'
import type { ColumnRole } from './row-source.ts'
import { type DataSource, openSource } from './source.ts'

/** Most dimensions: rows, channels, height, width. */
const DIMENSIONS_MAX = 4

/**
 * @param name of the column that it becomes
 * @throws TrainyardError `invalid_data` when the header is impossible
 */
export async function openIdx(
  source: DataSource,
  name: string,
  role: ColumnRole | null,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<StoredArray> {
  const bad = (what: string, hint = 'Write the file again; see the description of IDX beside the MNIST data.') =>
    invalidData(source.name, { code: 'bad_idx', what, hint })
  const { reader, isPacked } = await openSource(source, limits, signal)
  try {
    const magic = Uint8Array.from(await reader.peek(4))
    const type = IDX_TYPES.get(magic[2] ?? 0)
    const dimensions = magic[3] ?? 0
    if (magic.length < 4 || magic[0] !== 0 || magic[1] !== 0 || type === undefined) throw bad('the file does not begin like an IDX file')
    if (dimensions < 1 || dimensions > DIMENSIONS_MAX) {
      throw bad(`the header declares ${dimensions} dimensions; expected 1 to ${DIMENSIONS_MAX} (rows, channels, height, width)`)
    }
    const header = Buffer.alloc(4 + 4 * dimensions)
    if ((await reader.readInto(header)) < header.length) throw bad(`the file ends within its header of ${header.length} bytes`)
    const [rows = 0, ...rowShape] = Array.from({ length: dimensions }, (_, i) => header.readUInt32BE(4 + 4 * i))
    const array: StoredArray = {
      file: source.name,
      name,
      role,
      type,
      littleEndian: false,
      rows,
      rowShape,
      bytesPresent: isPacked ? null : source.size - header.length,
      async open(fromRow, readSignal) {
        const opened = await openSource(source, limits, readSignal)
        await opened.reader.skip(header.length + fromRow * rowBytes(array))
        return opened.reader
      },
    }
    return array
  } finally {
    await reader.close()
  }
}
