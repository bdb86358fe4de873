// Writes encodings.golden.parquet and a small one for the fuzzer: the encodings by differences and by bytes, as hyparquet-writer writes them, for the reader's tests.
//
// Run where hyparquet-writer 0.17 is installed: node parquet-encodings.mjs <folder of the golden files>

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parquetWriteBuffer } from 'hyparquet-writer'

const [folder = '.'] = process.argv.slice(2)
function write(name, count) {
  const column = (name, type, encoding, value) => ({ name, type, encoding, data: Array.from({ length: count }, (_, i) => value(i)) })
  const bytes = parquetWriteBuffer({
    columnData: [
      column('path', 'STRING', 'DELTA_BYTE_ARRAY', (i) => `class-${i % 3}/übung-${i >> 4}/${i}.png`),
      column('gaps', 'STRING', 'DELTA_BYTE_ARRAY', (i) => (i % 7 === 1 ? null : 'x'.repeat(i % 5))),
      column('word', 'STRING', 'DELTA_LENGTH_BYTE_ARRAY', (i) => (i % 7 === 2 ? null : 'ä'.repeat(i % 4))),
      // Differences of int32 that wrap around.
      column('i32', 'INT32', 'DELTA_BINARY_PACKED', (i) => (i % 2 === 0 ? 2_147_483_647 - i : -2_147_483_648 + i)),
      column('i64', 'INT64', 'DELTA_BINARY_PACKED', (i) => BigInt(i) * 1_000_003n * (i % 2 === 0 ? 1n : -1n)),
      column('f32', 'FLOAT', 'BYTE_STREAM_SPLIT', (i) => i / 16 - 3),
      column('f64', 'DOUBLE', 'BYTE_STREAM_SPLIT', (i) => (i % 7 === 5 ? null : i / 8)),
      column('flag', 'BOOLEAN', 'RLE', (i) => i % 3 === 0),
    ],
  })
  writeFileSync(join(folder, `${name}.golden.parquet`), new Uint8Array(bytes))
}

write('encodings', 500)
write('small-encodings', 20)
