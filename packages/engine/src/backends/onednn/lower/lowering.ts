// What a lowering file gives per op.

import type { Node } from '../../../core/program.ts'
import type { OpName } from '../../../ops/attributes.ts'
import type { PhaseBuilder } from './builder.ts'

/** Adds the op's steps; false where the library has no primitive for this case, which then goes to the reference kernel. */
export type Lowering<K extends OpName> = (builder: PhaseBuilder, node: Node<K>) => boolean
