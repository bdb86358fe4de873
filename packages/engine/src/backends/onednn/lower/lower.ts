// From a program to steps: every phase in turn, over tensors whose layouts persist from phase to phase.

import type { Node, Phase, Program } from '../../../core/program.ts'
import type { OpName } from '../../../ops/attributes.ts'
import type { Binding, PrimitiveDescriptor } from '../binding/binding.ts'
import { paddedChannels } from '../layout/channel-padding.ts'
import { PhaseBuilder } from './builder.ts'
import { lowerToReference } from './fallback.ts'
import type { Lowering } from './lowering.ts'
import { PersistentPlacements } from './placements.ts'
import { poolBeforeRelu } from './pool-before-relu.ts'
import type { Step } from './step.ts'
import { LOWERINGS } from './table.ts'

export interface Lowered {
  readonly persistent: PersistentPlacements
  readonly phases: { readonly [K in Phase]: readonly Step[] }
  /** To be released once the primitives are compiled. */
  readonly owned: readonly PrimitiveDescriptor[]
}

export function lower(binding: Binding, given: Program): Lowered {
  const program = poolBeforeRelu(given)
  const persistent = new PersistentPlacements(binding, program)
  const owned: PrimitiveDescriptor[] = []
  const nodes = Object.values(program.phases).flat()
  const padded = paddedChannels(nodes, program.tensors, persistent.correspondence.leaderOf)
  const lowerPhase = (phase: Phase): readonly Step[] => {
    const builder = new PhaseBuilder(phase, program.phases[phase], persistent, padded, owned)
    for (const node of program.phases[phase]) {
      if (builder.fused.has(node)) continue
      builder.begin(node)
      lowerNode(builder, node)
    }
    return builder.steps
  }
  return { persistent, phases: { train: lowerPhase('train'), evaluate: lowerPhase('evaluate'), predict: lowerPhase('predict') }, owned }
}

function lowerNode<K extends OpName>(builder: PhaseBuilder, node: Node<K>): void {
  const lowering: Lowering<K> | null = LOWERINGS[node.op]
  if (lowering === null || !lowering(builder, node)) lowerToReference(builder, node)
}
