import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { prepareDataset } from '../prepare/prepare-dataset.ts'
import { idx, memorySource, rejection, temporaryFolder } from '../testing.ts'
import { sniffFormat } from './sniff.ts'

/** What Python writes: pickle.dumps({}), torch.save (a zip whose first entry is archive/data.pkl), h5py, keras.Model.save. */
const EXECUTABLE = {
  'pickle protocol 4': Buffer.from('80049501000000000000007d942e', 'hex'),
  'pickle protocol 2': Buffer.from('80027d71002e', 'hex'),
  'PyTorch zip': Buffer.from(
    'PK\x03\x04\x00\x00\x08\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10\x00\x12\x00archive/data.pkl',
    'latin1',
  ),
  HDF5: Buffer.from('894844460d0a1a0a00000000', 'hex'),
  Keras: Buffer.from(
    'PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0d\x00\x00\x00metadata.json{}',
    'latin1',
  ),
}

describe('sniffFormat', () => {
  it.each(Object.entries(EXECUTABLE))('refuses %s', (_, bytes) => {
    expect(sniffFormat(bytes)).toMatchObject({ kind: 'executable', hint: expect.stringContaining('Convert') })
  })

  it.each([
    ['gzip', gzipSync('x')],
    ['empty', Buffer.alloc(0)],
    ['unsupported', Buffer.from([0x61, 0x00, 0x62])],
    ['unsupported', Buffer.from([0xc3, 0xa8, 0xe9, 0x0a])],
    ['unsupported', Buffer.from('%PDF-1.7')],
  ] as const)('sees %s', (kind, bytes) => {
    expect(sniffFormat(bytes).kind).toBe(kind)
  })

  it.each([
    ['idx', idx([1, 2, 2], [1, 2, 3, 4])],
    ['csv', Buffer.from('a,b\n1,2\n')],
    ['csv', Buffer.from('größe;ziel\n1;2\n')],
    ['csv', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('a,b\n')])],
    ['csv', Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')],
    ['csv', Buffer.from('größe;ziel\n1;2\n', 'latin1')],
    ['jsonl', Buffer.from('{"a": 1}\n')],
    ['jsonl', Buffer.from('\ufeff {"a": 1}\n', 'utf16le')],
    ['npy', Buffer.from('\x93NUMPY\x01\x00', 'latin1')],
    ['parquet', Buffer.from('PAR1')],
    ['safetensors', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d])],
  ] as const)('sees %s', (format, bytes) => {
    expect(sniffFormat(bytes)).toEqual({ kind: 'data', format })
  })

  it('does not stumble over a character cut at the end of the sample', () => {
    const bytes = Buffer.from('é'.repeat(3000))
    expect(sniffFormat(bytes.subarray(0, 4095))).toEqual({ kind: 'data', format: 'csv' })
  })
})

it.each(Object.entries(EXECUTABLE))('requirement 31: preparation refuses %s, also inside gzip', async (_, bytes) => {
  for (const content of [bytes, gzipSync(bytes)]) {
    const error = await rejection(prepareDataset({ sources: [memorySource('file', content)], outDir: temporaryFolder() }))
    expect(error.code).toBe('executable_format')
    expect(error.hint).toContain('Convert')
  }
})
