// Which tensors must share a physical layout: a parameter, its gradient and its optimizer slots, as the updates say.

import type { Program } from '../../../core/program.ts'
import type { TensorId } from '../../../core/tensor.ts'
import type { OpName } from '../../../ops/attributes.ts'

/** Inputs of each update whose members correspond one to one; the parameter comes first. */
export const UPDATED_INPUTS: { readonly [K in OpName]?: readonly number[] } = {
  sgd_update: [0, 1, 3],
  adam_update: [0, 1, 4, 5],
  rmsprop_update: [0, 1, 3, 4, 5],
  adagrad_update: [0, 1, 3],
}

export interface Correspondence {
  /** The parameter that decides the layout; the tensor itself where nothing corresponds. */
  leaderOf(tensor: TensorId): TensorId
  /** The segment that a tensor is a member of, by the segment's own tensor. */
  segmentOf(tensor: TensorId): TensorId | null
  /** Members of a segment's tensor; a tensor that is no segment stands for itself. */
  membersOf(tensor: TensorId): readonly TensorId[]
}

export function correspondenceOf(program: Program): Correspondence {
  const members = new Map(program.segments.map((segment) => [segment.tensor, segment.members]))
  const membersOf = (tensor: TensorId) => members.get(tensor) ?? [tensor]
  const segments = new Map<TensorId, TensorId>()
  for (const segment of program.segments) for (const member of segment.members) segments.set(member, segment.tensor)
  const leaders = new Map<TensorId, TensorId>()
  for (const node of Object.values(program.phases).flat()) {
    const [parameter, ...followers] = (UPDATED_INPUTS[node.op] ?? []).flatMap((index) => node.inputs[index] ?? [])
    if (parameter === undefined) continue
    for (const follower of followers) {
      membersOf(follower).forEach((member, index) => {
        leaders.set(member, membersOf(parameter)[index]!)
      })
    }
  }
  return { leaderOf: (tensor) => leaders.get(tensor) ?? tensor, segmentOf: (tensor) => segments.get(tensor) ?? null, membersOf }
}
