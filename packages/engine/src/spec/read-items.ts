// Reads layers one by one, so that a bad one hides no other: into items that can be expanded, and every mistake of form on the way.

import type { Issue } from '@trainyard/errors'
import { z } from 'zod'
import { LAYER_TYPES, LAYERS, type LayerType } from '../layers/index.ts'
import { layerIdSchema } from '../layers/layer-config.ts'
import type { AnyLayerConfig } from './draft.ts'
import type { CompositeItem, Item, LayerItem } from './expand.ts'
import { ISSUES_MAX, isObject, join, parseWithIssues } from './issues.ts'
import {
  type CompositeConfig,
  LAYERS_MAX,
  type LayerConfig,
  layerSchema,
  type NodeConfig,
  nodeFields,
  nodeSchema,
  residualConfigSchema,
  sequentialConfigSchema,
} from './model-spec.ts'
import { closest } from './suggest.ts'

/** Composites inside of composites; real ones need 3. */
const NESTING_MAX = 8

export interface ReadItem<C> {
  readonly issues: readonly Issue[]
  readonly item: Item
  /** With all defaults; null where it has a mistake. */
  readonly config: C | null
}

/** A list whose layers are read one by one. */
export const looseLayers = z.array(z.unknown()).min(1).max(LAYERS_MAX)

const inner = { layers: looseLayers }
const residualInner = { ...inner, shortcut: looseLayers.optional() }
const sequential = sequentialConfigSchema.extend(inner)
const residual = residualConfigSchema.extend(residualInner)
const linkedSequential = sequential.extend(nodeFields)
const linkedResidual = residual.extend(nodeFields)

/** A layer of a list. */
export function readLayer(json: unknown, path: string, depth = 0): ReadItem<LayerConfig> {
  if (!isComposite(json)) return readLeaf<LayerConfig>(layerSchema, json, path)
  const envelope = parseWithIssues<z.ZodType<Envelope>>(json.type === 'sequential' ? sequential : residual, json, path)
  return readComposite<LayerConfig>(json, path, depth, envelope)
}

/** A node of a graph. */
export function readNode(json: unknown, path: string): ReadItem<NodeConfig> {
  if (!isComposite(json)) return readLeaf<NodeConfig>(nodeSchema, json, path)
  const envelope = parseWithIssues<z.ZodType<Envelope>>(json.type === 'sequential' ? linkedSequential : linkedResidual, json, path)
  return readComposite<NodeConfig>(json, path, 0, envelope)
}

/** A configuration that is valid, all at one path. */
export function itemOf(config: LayerConfig | NodeConfig, path: string): Item {
  const id = config.id ?? null
  const all = (layers: readonly LayerConfig[]) => layers.map((layer) => itemOf(layer, path))
  if (config.type === 'sequential') return { kind: 'sequential', id, path, layers: all(config.layers), shortcut: null, activation: null }
  if (config.type === 'residual') {
    const shortcut = config.shortcut === undefined ? null : all(config.shortcut)
    return { kind: 'residual', id, path, layers: all(config.layers), shortcut, activation: activationOf(config) }
  }
  return { kind: 'layer', id, type: config.type, path, config: withoutLinks(config) }
}

type Envelope = z.output<typeof sequential> | z.output<typeof residual>

function isComposite(json: unknown): json is Record<string, unknown> & { readonly type: CompositeConfig['type'] } {
  return isObject(json) && (json.type === 'sequential' || json.type === 'residual')
}

function readLeaf<C extends LayerConfig | NodeConfig>(schema: z.ZodType<C>, json: unknown, path: string): ReadItem<C> {
  const parsed = parseWithIssues(schema, json, path)
  if (parsed.ok) {
    return { issues: [], item: itemOf(parsed.value, path), config: parsed.value }
  }
  const joint = isObject(json) ? JOINTS.find((type) => type === json.type) : undefined
  const issues = parsed.issues.map((issue) => (joint !== undefined && issue.code === 'unknown_type' ? needsGraph(issue, joint) : issue))
  return { issues, item: unknownItem(json, path, typeOf(json)), config: null }
}

function readComposite<C extends LayerConfig | NodeConfig>(
  json: Record<string, unknown> & { readonly type: CompositeConfig['type'] },
  path: string,
  depth: number,
  envelope: ReturnType<typeof parseWithIssues<z.ZodType<Envelope>>>,
): ReadItem<C> {
  const broken = (issues: readonly Issue[]): ReadItem<C> => ({ issues, item: unknownItem(json, path, null), config: null })
  if (depth >= NESTING_MAX) {
    const message = `Layers of type "sequential" and "residual" are nested deeper than ${NESTING_MAX} levels.`
    return broken([{ path, code: 'too_deep', message, hint: 'Put the inner layers into the outer list.' }])
  }
  const issues = envelope.ok ? [] : [...envelope.issues]
  const layers = readInner(json.layers, join(path, 'layers'), depth, issues)
  const shortcut =
    json.type === 'residual' && json.shortcut !== undefined ? readInner(json.shortcut, join(path, 'shortcut'), depth, issues) : null
  if (layers === null || (shortcut === null && json.type === 'residual' && json.shortcut !== undefined)) return broken(issues)
  const item: CompositeItem = {
    kind: json.type,
    id: idOf(json),
    path,
    layers: layers.items,
    shortcut: shortcut?.items ?? null,
    activation: envelope.ok ? activationOf(envelope.value) : null,
  }
  if (!envelope.ok || issues.length > 0) return { issues, item, config: null }
  const parts = shortcut === null ? { layers: layers.configs } : { layers: layers.configs, shortcut: shortcut.configs }
  // One cast: the envelope with its layers in place is what the schema of the whole gives.
  return { issues, item, config: { ...envelope.value, ...parts } as unknown as C }
}

/** null where it is no list of layers, which the envelope has reported. */
function readInner(
  json: unknown,
  path: string,
  depth: number,
  issues: Issue[],
): { readonly items: readonly Item[]; readonly configs: readonly LayerConfig[] } | null {
  if (!Array.isArray(json) || json.length === 0 || json.length > LAYERS_MAX) return null
  const items: Item[] = []
  const configs: LayerConfig[] = []
  for (const [index, layer] of json.entries()) {
    const read = readLayer(layer, `${path}[${index}]`, depth + 1)
    issues.push(...read.issues)
    items.push(read.item)
    if (read.config !== null) configs.push(read.config)
    if (issues.length > ISSUES_MAX) return null
  }
  return { items, configs }
}

function activationOf(config: { readonly type: string; readonly activation?: unknown }): AnyLayerConfig | null {
  if (config.activation === undefined) return null
  const layer = layerSchema.parse({ type: config.activation })
  return layer.type === 'sequential' || layer.type === 'residual' ? null : withoutLinks(layer)
}

/** Layers that read several inputs. */
const JOINTS = LAYER_TYPES.filter((type) => LAYERS[type].arity[0] > 1)

function needsGraph(issue: Issue, type: LayerType): Issue {
  return {
    ...issue,
    code: 'needs_graph',
    message: `A layer of type "${type}" reads several inputs, but in a list each layer has one.`,
    hint: 'Write the model with "inputs", "nodes" and "outputs" instead of "layers".',
  }
}

function withoutLinks(config: Exclude<LayerConfig | NodeConfig, CompositeConfig>): AnyLayerConfig {
  const { id: _, ...rest } = config
  if (!('inputs' in rest)) return rest
  const { inputs: __, ...own } = rest
  return own
}

function unknownItem(json: unknown, path: string, type: LayerType | null): LayerItem {
  return { kind: 'layer', id: idOf(json), type, path, config: null }
}

function idOf(layer: unknown): string | null {
  const parsed = layerIdSchema.safeParse(isObject(layer) ? layer.id : undefined)
  return parsed.success ? parsed.data : null
}

/** The type that a mistyped layer was meant to be, so that default ids of the others stay what they will be. */
function typeOf(layer: unknown): LayerType | null {
  if (!isObject(layer) || typeof layer.type !== 'string') return null
  const name = closest(layer.type, LAYER_TYPES)
  return LAYER_TYPES.find((type) => type === name) ?? null
}
