// Element types of IDX: the third byte of its magic number.

import type { ElementType } from './element-types.ts'

export const IDX_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [8, 'uint8'],
  [9, 'int8'],
  [11, 'int16'],
  [12, 'int32'],
  [13, 'float32'],
  [14, 'float64'],
])
