// A specification of any form as named nodes, with gaps (null) where something is wrong, so that the rest can still be checked.

import type { Shape } from '../core/tensor.ts'
import type { CompositeType, NodeConfig } from './model-spec.ts'

/** The input's name in a chain; no layer can have it, since ids start with a letter. */
export const CHAIN_INPUT = '$input'

type WithoutLinks<N> = N extends NodeConfig ? Omit<N, 'id' | 'inputs'> : never

/** Configuration of any layer that is no composite, without the graph's fields. */
export type AnyLayerConfig = WithoutLinks<Exclude<NodeConfig, { type: CompositeType }>>

export interface DraftInput {
  readonly name: string
  readonly path: string
  /** null when it is not valid. */
  readonly shape: Shape | null
}

export interface DraftNode {
  /** null when it has none that is valid. */
  readonly id: string | null
  /** Where it stands in what the user sent: `layers[3]`. */
  readonly path: string
  /** null when it is not valid. */
  readonly config: AnyLayerConfig | null
  /** Names of nodes or inputs; null when not valid. */
  readonly inputs: readonly string[] | null
  /** Whether the user wrote the inputs, or they follow from where the layer stands. */
  readonly isLinkedByHand: boolean
  /** Id of the residual block whose joint it is; null for all others. */
  readonly joinOf: string | null
}

/** A composite: a name for what the last of its nodes computes. */
export interface DraftGroup {
  readonly id: string | null
  readonly path: string
  /** As the user wrote them in a graph; null elsewhere. */
  readonly inputs: readonly string[] | null
  /** The node that computes its output; null when not known. */
  readonly output: string | null
}

export interface Draft {
  readonly inputs: readonly DraftInput[]
  /** None is a composite. */
  readonly nodes: readonly DraftNode[]
  readonly groups: readonly DraftGroup[]
  /** Names; null when not valid. */
  readonly outputs: readonly string[] | null
  /** Path of the outputs; the chain has none. */
  readonly outputsPath: string | null
}
