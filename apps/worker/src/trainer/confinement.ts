// What the kernel enforces in this process: confinement.cjs has done it before anything else was loaded.

import { type Confinement, confinementSchema } from '@trainyard/contracts'

export function readConfinement(): Confinement {
  const found: unknown = Reflect.get(globalThis, Symbol.for('trainyard.confinement'))
  return confinementSchema.parse(found ?? { files: 'none', sockets: 'none' })
}
