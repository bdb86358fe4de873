// A specification of any form as named nodes, with gaps (null) where something is wrong, so that the rest can still be checked.

import type { Shape } from '../core/tensor.ts'
import { LAYERS, type LayerType } from '../layers/index.ts'
import type { NodeConfig } from './model-spec.ts'

/** The input's name in a chain; no layer can have it, since ids start with a letter. */
export const CHAIN_INPUT = '$input'

/** Configuration of any layer, without the graph's fields. */
export type AnyLayerConfig = NodeConfig extends infer N ? (N extends NodeConfig ? Omit<N, 'id' | 'inputs'> : never) : never

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
}

export interface Draft {
  readonly inputs: readonly DraftInput[]
  readonly nodes: readonly DraftNode[]
  /** Names; null when not valid. */
  readonly outputs: readonly string[] | null
  /** Path of the outputs; the chain has none. */
  readonly outputsPath: string | null
}

/** A layer of a chain before it has a name. */
export interface ChainItem {
  readonly id: string | null
  readonly type: LayerType | null
  readonly path: string
  readonly config: AnyLayerConfig | null
}

/**
 * Names the layers of a chain and links them. Default ids count per prefix as PyTorch users name them (conv1, conv2, fc1) and
 * step over ids that the user has given.
 */
export function chainDraft(input: DraftInput, items: readonly ChainItem[]): Draft {
  const taken = new Set(items.flatMap(({ id }) => (id === null ? [] : [id])))
  const counts = new Map<string, number>()
  let last: string | null = input.name
  const nodes = items.map(({ id, type, path, config }): DraftNode => {
    const name = id ?? (type === null ? null : defaultId(LAYERS[type].idPrefix, counts, taken))
    const node = { id: name, path, config, inputs: last === null ? null : [last] }
    last = name
    return node
  })
  return { inputs: [input], nodes, outputs: last === null ? null : [last], outputsPath: null }
}

function defaultId(prefix: string, counts: Map<string, number>, taken: ReadonlySet<string>): string {
  let count = counts.get(prefix) ?? 0
  do count++
  while (taken.has(`${prefix}${count}`))
  counts.set(prefix, count)
  return `${prefix}${count}`
}
