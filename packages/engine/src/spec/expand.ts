// Composites into the nodes that they stand for, named as PyTorch names the modules of nested containers: layer1.0.conv1.

import { LAYERS, type LayerType } from '../layers/index.ts'
import type { AnyLayerConfig, Draft, DraftGroup, DraftInput, DraftNode } from './draft.ts'
import type { CompositeType } from './model-spec.ts'

/** A layer before it has a full name. */
export interface LayerItem {
  readonly kind: 'layer'
  readonly id: string | null
  /** What it is, or was meant to be; null when that is not known. */
  readonly type: LayerType | null
  readonly path: string
  readonly config: AnyLayerConfig | null
}

export interface CompositeItem {
  readonly kind: CompositeType
  readonly id: string | null
  readonly path: string
  readonly layers: readonly Item[]
  /** null where x goes to the sum as it is. */
  readonly shortcut: readonly Item[] | null
  /** After the sum. */
  readonly activation: AnyLayerConfig | null
}

export type Item = LayerItem | CompositeItem

/** An item of a graph. */
export interface LinkedItem {
  readonly item: Item
  /** null when not valid. */
  readonly inputs: readonly string[] | null
}

/** How layers without an id are named: as in a model (conv1, conv2), or by position as in torch.nn.Sequential (0, 1). */
type Naming = 'count' | 'position'

const COMPOSITE_PREFIX: { readonly [K in CompositeType]: string } = { sequential: 'sequential', residual: 'block' }

/** What torchvision calls the shortcut of its residual blocks. */
const SHORTCUT = 'downsample'

/** A list of layers, each reading the one before. */
export function chainDraft(input: DraftInput, items: readonly Item[]): Draft {
  const expansion = new Expansion()
  const output = expansion.chain(items, input.name, '', 'count')
  return {
    inputs: [input],
    nodes: expansion.nodes,
    groups: expansion.groups,
    outputs: output === null ? null : [output],
    outputsPath: null,
  }
}

/** Nodes that name what they read. A composite's name stands for its last node. */
export function graphDraft(
  inputs: readonly DraftInput[],
  items: readonly LinkedItem[],
  outputs: readonly string[] | null,
  outputsPath: string,
): Draft {
  const expansion = new Expansion()
  for (const { item, inputs: names } of items) expansion.linked(item, names)
  const outputOf = new Map(expansion.groups.flatMap(({ id, output }) => (id === null || output === null ? [] : [[id, output] as const])))
  const resolve = (names: readonly string[] | null) => names?.map((name) => outputOf.get(name) ?? name) ?? null
  const nodes = expansion.nodes.map((node) => ({ ...node, inputs: resolve(node.inputs) }))
  return { inputs, nodes, groups: expansion.groups, outputs: resolve(outputs), outputsPath }
}

class Expansion {
  readonly nodes: DraftNode[] = []
  readonly groups: DraftGroup[] = []

  /** @returns name of the last layer; null when not known */
  chain(items: readonly Item[], input: string | null, prefix: string | null, naming: Naming): string | null {
    const names = localNames(items, naming)
    let last = input
    items.forEach((item, index) => {
      const name = names[index] ?? null
      const id = prefix === null || name === null ? null : `${prefix}${name}`
      last = item.kind === 'layer' ? this.#layer(item, id, last) : this.#composite(item, id, last, null)
    })
    return last
  }

  /** A node of a graph. */
  linked(item: Item, inputs: readonly string[] | null): void {
    if (item.kind !== 'layer') {
      this.#composite(item, item.id, inputs?.length === 1 ? (inputs[0] ?? null) : null, inputs)
      return
    }
    this.nodes.push({ id: item.id, path: item.path, config: item.config, inputs, isLinkedByHand: true, joinOf: null })
  }

  #layer({ path, config }: LayerItem, id: string | null, input: string | null): string | null {
    this.nodes.push({ id, path, config, inputs: input === null ? null : [input], isLinkedByHand: false, joinOf: null })
    return id
  }

  #composite(item: CompositeItem, id: string | null, input: string | null, inputs: readonly string[] | null): string | null {
    const output = item.kind === 'sequential' ? this.#sequential(item, id, input) : this.#residual(item, id, input)
    this.groups.push({ id, path: item.path, inputs, output })
    return output
  }

  #sequential({ layers }: CompositeItem, id: string | null, input: string | null): string | null {
    return this.chain(layers, input, inside(id), 'position')
  }

  /** activation(F(x) + shortcut(x)) */
  #residual({ path, layers, shortcut, activation }: CompositeItem, id: string | null, input: string | null): string | null {
    const prefix = inside(id)
    const body = this.chain(layers, input, prefix, 'count')
    const x = shortcut === null ? input : this.chain(shortcut, input, prefix && `${prefix}${SHORTCUT}.`, 'position')
    const sum = prefix && `${prefix}add`
    const inputs = body === null || x === null ? null : [body, x]
    this.nodes.push({ id: sum, path, config: { type: 'add' }, inputs, isLinkedByHand: false, joinOf: id })
    if (activation === null) return sum
    return this.#layer(
      { kind: 'layer', id: null, type: activation.type, path, config: activation },
      prefix && `${prefix}${activation.type}`,
      sum,
    )
  }
}

function inside(id: string | null): string | null {
  return id === null ? null : `${id}.`
}

/** Names of the items of one list. Counted ones step over ids that the user has given. */
function localNames(items: readonly Item[], naming: Naming): readonly (string | null)[] {
  if (naming === 'position') return items.map(({ id }, index) => id ?? String(index))
  const taken = new Set(items.flatMap(({ id }) => (id === null ? [] : [id])))
  const counts = new Map<string, number>()
  return items.map((item) => {
    if (item.id !== null) return item.id
    if (item.kind !== 'layer') return defaultId(COMPOSITE_PREFIX[item.kind], counts, taken)
    return item.type === null ? null : defaultId(LAYERS[item.type].idPrefix, counts, taken)
  })
}

/** Default ids count per prefix as PyTorch users name them (conv1, conv2, fc1). */
function defaultId(prefix: string, counts: Map<string, number>, taken: ReadonlySet<string>): string {
  let count = counts.get(prefix) ?? 0
  do count++
  while (taken.has(`${prefix}${count}`))
  counts.set(prefix, count)
  return `${prefix}${count}`
}
