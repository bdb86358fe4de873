// Which reader a file goes to: by its content, or by the option. What can execute code is refused in any case.

import type { DataFormat, ReadOptions } from '@trainyard/contracts'
import { TrainyardError } from '@trainyard/errors'
import type { PrepareLimits } from '../limits.ts'
import { invalidData } from '../problems.ts'
import { READABLE_FORMATS, SNIFF_BYTES, type SniffedFormat, sniffFormat } from './sniff.ts'
import { type DataSource, openSource } from './source.ts'

/** Formats that need the whole file at random, hence cannot be unpacked on the way. */
const RANDOM_ACCESS: ReadonlySet<DataFormat> = new Set(['zip', 'npz', 'parquet', 'safetensors'])

/** @throws TrainyardError `executable_format`, or `invalid_data` for anything that is not read */
export async function detectFormat(
  source: DataSource,
  options: ReadOptions,
  limits: PrepareLimits,
  signal?: AbortSignal,
): Promise<DataFormat> {
  const { reader, isPacked } = await openSource(source, limits, signal)
  try {
    const sniffed = sniffFormat(await reader.peek(SNIFF_BYTES))
    refuseExecutable(source.name, sniffed)
    const format = sniffed.kind === 'empty' ? null : (options.format ?? (sniffed.kind === 'data' ? sniffed.format : null))
    if (format === null) throw unreadable(source.name, sniffed)
    if (isPacked && RANDOM_ACCESS.has(format)) {
      throw invalidData(source.name, {
        code: 'packed_archive',
        what: `a ${format} file inside gzip`,
        hint: 'Upload it without gzip: it is compressed already.',
      })
    }
    return format
  } finally {
    await reader.close()
  }
}

/** @throws TrainyardError `executable_format` */
export function refuseExecutable(name: string, sniffed: SniffedFormat): void {
  if (sniffed.kind !== 'executable') return
  throw new TrainyardError('executable_format', { detail: `${name} is ${sniffed.name}, which is refused`, hint: sniffed.hint })
}

function unreadable(name: string, sniffed: SniffedFormat) {
  const expected = `expected ${READABLE_FORMATS}`
  if (sniffed.kind === 'empty') {
    return invalidData(name, { code: 'empty_file', what: `the file is empty; ${expected}`, hint: 'Upload a file with data in it.' })
  }
  if (sniffed.kind === 'unsupported') {
    return invalidData(name, { code: 'unsupported_format', what: `this is ${sniffed.name}; ${expected}`, hint: sniffed.hint })
  }
  return invalidData(name, { code: 'unsupported_format', what: `gzip inside gzip; ${expected}`, hint: 'Pack the file once.' })
}
