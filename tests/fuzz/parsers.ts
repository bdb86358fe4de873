// What is fuzzed: every reader of uploads, with the seeds that its inputs are made from, the words of its format, and the repair of checksums that
// would otherwise hide what comes after them.

import { readFileSync } from 'node:fs'
import { crc32, gzipSync } from 'node:zlib'
import type { DataFormat } from '@trainyard/contracts'
import { concatenate, encode } from '@trainyard/engine/safetensors'
import sharp from 'sharp'
import { decodeImage } from '../../packages/datasets/src/formats/images/decode-image.ts'
import { openRows } from '../../packages/datasets/src/formats/open-rows.ts'
import { bytesSource } from '../../packages/datasets/src/formats/source.ts'
import { PREPARE_LIMITS, type PrepareLimits } from '../../packages/datasets/src/limits.ts'
import { idx, tarOf, zipOf } from '../../packages/datasets/src/testing.ts'
import type { Choices } from './random.ts'

export const PARSERS = ['csv', 'jsonl', 'idx', 'gzip', 'npy', 'npz', 'safetensors', 'parquet', 'zip', 'tar', 'png', 'jpeg', 'webp'] as const
export type ParserName = (typeof PARSERS)[number]

export interface Parser {
  readonly seeds: readonly Buffer[]
  readonly dictionary: readonly string[]
  /** Reads everything; rejects with a TrainyardError for what it refuses. Returns what was read, for the statistics. */
  run(bytes: Buffer): Promise<'rows' | 'problems'>
  /** Makes checksums right again. */
  repair?(bytes: Buffer, choices: Choices): Buffer
}

/** Small, so that a claim beyond them is met within the size of an input. */
export const FUZZ_LIMITS: PrepareLimits = {
  ...PREPARE_LIMITS,
  inflatedBytesMax: 4 << 20,
  sampleBytesMax: 1 << 20,
  rowsMax: 1_000_000,
  columnsMax: 4096,
  recordBytesMax: 1 << 16,
  archiveEntriesMax: 1000,
  imageListBytesMax: 1 << 18,
  imagePixelsMax: 1 << 20,
}
/** Rows of a batch whose texts are made. */
const TEXT_ROWS = 20

async function readRows(bytes: Buffer, format?: DataFormat): Promise<'rows' | 'problems'> {
  let problems = 0
  const source = await openRows([bytesSource('file', 'fuzz', bytes, 4096)], format === undefined ? {} : { format }, FUZZ_LIMITS)
  for await (const batch of source.read({ onProblem: () => problems++ })) {
    for (const column of batch.columns) {
      if (column.kind === 'tensor') continue
      if (column.numbers.length !== batch.rows || column.states.length !== batch.rows)
        throw new Error('a column has another length than its batch')
      for (let row = 0; row < Math.min(batch.rows, TEXT_ROWS); row++) column.text(row)
    }
    batch.rowNumber(batch.rows - 1)
  }
  return problems === 0 ? 'rows' : 'problems'
}

const rowsOf =
  (format?: DataFormat): Parser['run'] =>
  (bytes) =>
    readRows(bytes, format)

async function decode(bytes: Buffer): Promise<'rows' | 'problems'> {
  const shape = { channels: 3, height: 8, width: 8, isResized: true } as const
  return (await decodeImage(bytes, shape, FUZZ_LIMITS)) instanceof Uint8Array ? 'rows' : 'problems'
}

/** Only the parser of this name, since making all seeds takes a while. */
export async function makeParser(name: ParserName): Promise<Parser> {
  return await MAKE[name]()
}

const TEXT_WORDS = [
  '"',
  '""',
  ',',
  ';',
  '\t',
  '\r',
  '\r\n',
  '\n',
  '\xef\xbb\xbf',
  '\xff\xfe',
  '\xfe\xff',
  'NaN',
  '__proto__',
  '1e400',
  '0x1',
  '\xe9',
  '\xc3',
  '|',
  ' ',
]
const JSON_WORDS = ['{', '}', '[', ']', '"', ':', ',', 'null', 'true', '{"__proto__":1}', '[[', ']]', '\\ud800', '1e999', '\n']
const ZIP_WORDS = [
  'PK\x01\x02',
  'PK\x03\x04',
  'PK\x05\x06',
  'PK\x06\x06',
  'PK\x06\x07',
  'PK\x07\x08',
  '../',
  '/',
  '\\',
  'a/1.png',
  '\x00',
  '\xff\xff\xff\xff',
]

const MAKE: { readonly [P in ParserName]: () => Promise<Parser> | Parser } = {
  csv: () => ({
    seeds: [
      'a,b,y\n1,2.5,p\n-3,4e2,q\n"5",6,p\n',
      'x;y\n"a;b";2\n"c ""d""\ne";3\n',
      '\ufeffgröße\tziel\r\n1\tä\r\n\r\n2\tö\r\n',
      '1|2|3\r4|5|6\r',
      `${'1,'.repeat(300)}2\n`.repeat(3),
    ]
      .map((text) => Buffer.from(text))
      .concat(Buffer.from('\ufeffa,b\n1,ä\n', 'utf16le'), Buffer.from('größe,b\n1,ä\n', 'latin1')),
    dictionary: TEXT_WORDS,
    run: rowsOf('csv'),
  }),
  jsonl: () => ({
    seeds: [
      '{"x": [[1, 2], [3, 4]], "y": "a", "n": null}\n{"x": [[5, 6], [7, 8]], "y": "b", "n": 1.5}\n',
      '{"a": 1}\n\n{"a": true, "b": {"c": []}}',
    ].map((text) => Buffer.from(text)),
    dictionary: JSON_WORDS,
    run: rowsOf('jsonl'),
  }),
  idx: () => ({
    seeds: [
      idx([3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
      idx([4], [0, 1, 2, 3]),
      idx([1, 1, 2], new Array(16).fill(1), 14),
      idx([2, 3, 1, 1], [1, 2, 3, 4, 5, 6]),
    ],
    dictionary: ['\x00\x00\x08\x03', '\x00\x00\x0d\x01', '\xff\xff\xff\xff', '\x00\x00\x00\x00', '\x00\x00\x00\x01'],
    run: rowsOf('idx'),
  }),
  gzip: () => ({
    seeds: [
      gzipSync('a,b\n1,2\n3,4\n'),
      gzipSync(idx([4], [0, 1, 2, 3])),
      gzipSync(`a,b\n${'1,2\n'.repeat(5000)}`),
      gzipSync('x', { level: 0 }),
    ],
    dictionary: ['\x1f\x8b\x08', '\x1f\x8b', '\x00\x00\xff\xff', '\x03\x00'],
    run: rowsOf(),
  }),
  npy: () => ({
    seeds: numpyFiles((name) => !name.startsWith('npz')),
    dictionary: [
      '\x93NUMPY\x01\x00',
      '\x93NUMPY\x02\x00',
      "'descr'",
      "'<f4'",
      "'|O'",
      "'>i8'",
      'True',
      'False',
      '(',
      ')',
      ',',
      "'shape': (",
      '{',
      '}',
      '[(',
      'L',
    ],
    run: rowsOf('npy'),
  }),
  npz: () => ({
    seeds: numpyFiles((name) => name.startsWith('npz')),
    dictionary: [...ZIP_WORDS, '.npy', '\x93NUMPY\x01\x00', "'<f4'", '_train'],
    run: rowsOf('npz'),
  }),
  safetensors: () => ({
    seeds: [
      concatenate(
        encode(
          new Map([
            ['x', { dtype: 'F32', shape: [2, 2], data: new Float32Array(4) }],
            ['y', { dtype: 'I32', shape: [2], data: new Int32Array(2) }],
          ]),
        ),
      ),
      concatenate(
        encode(
          new Map([
            ['x_train', { dtype: 'U8', shape: [3, 2, 2], data: new Uint8Array(12) }],
            ['x_test', { dtype: 'U8', shape: [1, 2, 2], data: new Uint8Array(4) }],
          ]),
        ),
      ),
    ].map((bytes) => Buffer.from(bytes)),
    dictionary: [...JSON_WORDS, '"dtype"', '"F32"', '"BF16"', '"shape"', '"data_offsets"', '[0,16]', '__metadata__'],
    run: rowsOf('safetensors'),
  }),
  parquet: () => ({
    seeds: [
      'ragged',
      'empty',
      'small-snappy',
      'small-zstd',
      'small-gzip',
      'small-brotli',
      'small-uncompressed',
      'small-v2',
      'small-lists',
      'small-lz4',
      'small-encodings',
    ].map((name) => readFileSync(new URL(`../../packages/datasets/golden/${name}.golden.parquet`, import.meta.url))),
    dictionary: [
      'PAR1',
      '\x15\x00',
      '\x15\x02',
      '\x19\x1c',
      '\x19\xfc',
      '\xf9',
      '\x1c',
      '\x18',
      '\x00',
      '\xff\xff\xff\xff\x0f',
      '\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01',
      '\x28\xb5\x2f\xfd',
    ],
    run: rowsOf('parquet'),
  }),
  zip: async () => {
    const images = await pictures()
    const files = { 'a/1.png': images.png, 'b/2.jpg': images.jpeg, 'b/3.webp': images.webp }
    return {
      seeds: [
        await zipOf(files),
        await zipOf(files, false),
        await zipOf({ ...files, 'list.csv': 'file_name,label\na/1.png,x\nb/2.jpg,y\n' }),
        await zipOf({ ...files, 'm.jsonl': '{"file_name": "a/1.png", "label": 1}\n' }),
      ],
      dictionary: [...ZIP_WORDS, '\x89PNG\r\n\x1a\n', 'file_name', '\x80\x04\x95'],
      run: rowsOf('zip'),
    }
  },
  tar: async () => {
    const images = await pictures()
    const files = { 'a/1.png': images.png, 'b/2.png': images.png }
    return {
      seeds: [
        await tarOf(files),
        await tarOf({ [`${'long/'.repeat(30)}1.png`]: images.png, 'list.csv': 'file,label\n1.png,2\n' }),
        gzipSync(await tarOf(files)),
      ],
      dictionary: [
        'ustar\x0000',
        'ustar  \x00',
        '../',
        '/',
        '00000000017\x00',
        '\x80\x00\x00\x00',
        'L',
        'x',
        '2',
        '15 path=a/b.png\n',
        '12 size=9\n',
        '\x00'.repeat(512),
      ],
      run: rowsOf('tar'),
      repair: repairTar,
    }
  },
  png: async () => ({
    seeds: (await pictures()).pngs,
    dictionary: ['IHDR', 'IDAT', 'PLTE', 'tRNS', 'IEND', 'acTL', 'fdAT', 'iCCP', 'eXIf', 'gAMA', 'zTXt', '\xff\xff\xff\xff'],
    run: decode,
    repair: repairPng,
  }),
  jpeg: async () => ({
    seeds: (await pictures()).jpegs,
    dictionary: [
      '\xff\xd8',
      '\xff\xd9',
      '\xff\xc0',
      '\xff\xc2',
      '\xff\xc4',
      '\xff\xda',
      '\xff\xdb',
      '\xff\xdd',
      '\xff\xe1',
      'Exif\x00\x00',
      '\xff\xff',
      '\xff\xd0',
    ],
    run: decode,
  }),
  webp: async () => ({
    seeds: (await pictures()).webps,
    dictionary: ['RIFF', 'WEBP', 'VP8 ', 'VP8L', 'VP8X', 'ALPH', 'ANIM', 'ANMF', 'EXIF', 'ICCP', '\x9d\x01\x2a', '\x2f'],
    run: decode,
  }),
}

function numpyFiles(wanted: (name: string) => boolean): Buffer[] {
  const { files } = JSON.parse(readFileSync(new URL('../../packages/datasets/golden/arrays.golden.json', import.meta.url), 'utf8')) as {
    files: Record<string, string>
  }
  return Object.entries(files)
    .filter(([name]) => wanted(name))
    .map(([, content]) => Buffer.from(content, 'base64'))
}

async function pictures() {
  const pixels = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256)
  const colour = () => sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } })
  const grey = () => sharp(pixels.subarray(0, 64), { raw: { width: 8, height: 8, channels: 1 } }).toColourspace('b-w')
  const alpha = () => colour().ensureAlpha(0.5)
  const png = await grey().png().toBuffer()
  const jpeg = await colour().jpeg().toBuffer()
  const webp = await colour().webp({ lossless: true }).toBuffer()
  return {
    png,
    jpeg,
    webp,
    pngs: [
      png,
      await colour().png().toBuffer(),
      await colour().png({ palette: true }).toBuffer(),
      await alpha().png({ progressive: true }).toBuffer(),
    ],
    jpegs: [
      jpeg,
      await grey().jpeg().toBuffer(),
      await colour().jpeg({ progressive: true }).toBuffer(),
      await colour().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    ],
    webps: [
      webp,
      await colour().webp().toBuffer(),
      await alpha().webp().toBuffer(),
      await colour().withMetadata({ orientation: 3 }).webp().toBuffer(),
    ],
  }
}

/** The checksum of every chunk. */
function repairPng(bytes: Buffer): Buffer {
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = bytes.readUInt32BE(at)
    if (at + 12 + length > bytes.length) break
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, at + 8 + length)), at + 8 + length)
    at += 12 + length
  }
  return bytes
}

/** The checksum of every header. */
function repairTar(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; ) {
    const header = bytes.subarray(at, at + 512)
    const size = Number.parseInt(header.toString('latin1', 124, 135), 8)
    if (header[0] !== 0) {
      header.write('        ', 148, 'latin1')
      header.write(
        `${header
          .reduce((sum, byte) => sum + byte, 0)
          .toString(8)
          .padStart(6, '0')}\0 `,
        148,
        'latin1',
      )
    }
    at += 512 + (Number.isSafeInteger(size) && size >= 0 ? Math.ceil(size / 512) * 512 : 0)
  }
  return bytes
}
