// A digest of a model's weights, wherever they come from.

import { createHash } from 'node:crypto'
import type { StateTensors } from '@trainyard/engine/train'

/** Of the tensors `model.*`, in the order of their names. */
export function digestOfWeights(state: StateTensors): string {
  const hash = createHash('sha256')
  for (const [name, { shape, data }] of [...state].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!name.startsWith('model.')) continue
    hash.update(`${name} ${shape.join()}\n`)
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }
  return hash.digest('hex')
}
