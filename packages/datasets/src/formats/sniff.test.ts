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
    ['idx', idx([1, 2, 2], [1, 2, 3, 4])],
    ['text', Buffer.from('a,b\n1,2\n')],
    ['text', Buffer.from('größe;ziel\n1;2\n')],
    ['text', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('a,b\n')])],
    ['empty', Buffer.alloc(0)],
    ['unsupported', Buffer.from('\x93NUMPY\x01\x00', 'latin1')],
    ['unsupported', Buffer.from([0xff, 0xfe, 0x61, 0x00])],
    ['unsupported', Buffer.from([0x61, 0x00, 0x62])],
    ['unsupported', Buffer.from([0xc3, 0x28, 0x0a])],
  ] as const)('sees %s', (kind, bytes) => {
    expect(sniffFormat(bytes).kind).toBe(kind)
  })

  it('does not stumble over a character cut at the end of the sample', () => {
    const bytes = Buffer.from('é'.repeat(3000))
    expect(sniffFormat(bytes.subarray(0, 4095)).kind).toBe('text')
  })
})

it.each(Object.entries(EXECUTABLE))('preparation refuses %s, also inside gzip', async (_, bytes) => {
  for (const content of [bytes, gzipSync(bytes)]) {
    const error = await rejection(prepareDataset({ sources: [memorySource('file', content)], outDir: temporaryFolder() }))
    expect(error.code).toBe('executable_format')
    expect(error.hint).toContain('Convert')
  }
})
