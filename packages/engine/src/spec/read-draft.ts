// Reads each of the three forms into a draft: as much of it as is valid, and every mistake of form on the way.

import type { Issue } from '@trainyard/errors'
import { z } from 'zod'
import type { LayerType } from '../layers/index.ts'
import { LAYER_TYPES, LAYERS } from '../layers/index.ts'
import { layerIdSchema } from '../layers/layer-config.ts'
import { type AnyLayerConfig, CHAIN_INPUT, type ChainItem, chainDraft, type Draft, type DraftInput, type DraftNode } from './draft.ts'
import { ISSUES_MAX, isObject, parseWithIssues } from './issues.ts'
import {
  graphSpecSchema,
  inputShapeSchema,
  LAYERS_MAX,
  type LayerConfig,
  layerSchema,
  layersSpecSchema,
  type ModelSpec,
  type NodeConfig,
  nodeSchema,
  presetSpecSchema,
  SPEC_VERSION,
} from './model-spec.ts'
import { expandPreset, isPresetName, PRESET_NAMES, presetOptions } from './presets/registry.ts'
import { closest, suggest } from './suggest.ts'

export interface ReadDraft {
  readonly issues: readonly Issue[]
  /** null when nothing can be said about layers. */
  readonly draft: Draft | null
  /** The specification with all defaults; null when it has mistakes of form. */
  readonly spec: ModelSpec | null
}

/** The envelope, with the layers as they came: they are parsed one by one, so that a bad one hides no other. */
const loose = z.array(z.unknown()).min(1).max(LAYERS_MAX)
const layersEnvelope = layersSpecSchema.extend({ layers: loose })
const graphEnvelope = graphSpecSchema.extend({ nodes: loose })

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`)

export function readPreset(json: Record<string, unknown>, path: string): ReadDraft {
  const envelope = parseWithIssues(presetSpecSchema, json, path)
  if (!envelope.ok) return { issues: envelope.issues, draft: null, spec: null }
  const { name, options = {} } = envelope.value.preset
  if (!isPresetName(name)) {
    const issue = {
      path: join(path, 'preset.name'),
      code: 'unknown_preset',
      message: `"${name.slice(0, 40)}" is no preset.`,
      hint: suggest(name, PRESET_NAMES, 'presets'),
    }
    return { issues: [issue], draft: null, spec: null }
  }
  const parsed = parseWithIssues(presetOptions(name), options, join(path, 'preset.options'))
  if (!parsed.ok) return { issues: parsed.issues, draft: null, spec: null }
  const chain = layersSpecSchema.parse({ version: SPEC_VERSION, ...expandPreset(name, parsed.value) })
  const where = join(path, 'preset.options')
  const items = chain.layers.map((config) => ({ id: config.id ?? null, type: config.type, path: where, config }))
  const draft = chainDraft({ name: CHAIN_INPUT, path: where, shape: chain.input.shape }, items)
  return { issues: [], draft, spec: { version: SPEC_VERSION, preset: { name, options: parsed.value } } }
}

export function readLayers(json: Record<string, unknown>, path: string): ReadDraft {
  const envelope = parseWithIssues(layersEnvelope, json, path)
  const issues = envelope.ok ? [] : [...envelope.issues]
  if (!Array.isArray(json.layers) || json.layers.length > LAYERS_MAX) return { issues, draft: null, spec: null }
  const items: ChainItem[] = []
  const layers: LayerConfig[] = []
  for (const [index, layer] of json.layers.entries()) {
    const where = join(path, `layers[${index}]`)
    const parsed = parseWithIssues<typeof layerSchema>(layerSchema, layer, where)
    if (parsed.ok) {
      layers.push(parsed.value)
      items.push({ id: parsed.value.id ?? null, type: parsed.value.type, path: where, config: withoutLinks(parsed.value) })
      continue
    }
    const joint = isObject(layer) ? JOINTS.find((type) => type === layer.type) : undefined
    issues.push(...parsed.issues.map((issue) => (joint !== undefined && issue.code === 'unknown_type' ? needsGraph(issue, joint) : issue)))
    if (issues.length > ISSUES_MAX) return { issues, draft: null, spec: null }
    items.push({ id: idOf(layer), type: typeOf(layer), path: where, config: null })
  }
  const shape = isObject(json.input) ? shapeOf(json.input.shape) : null
  const draft = chainDraft({ name: CHAIN_INPUT, path: join(path, 'input'), shape }, items)
  return { issues, draft, spec: envelope.ok ? { ...envelope.value, layers } : null }
}

export function readGraph(json: Record<string, unknown>, path: string): ReadDraft {
  const envelope = parseWithIssues(graphEnvelope, json, path)
  const issues = envelope.ok ? [] : [...envelope.issues]
  if (!Array.isArray(json.nodes) || json.nodes.length > LAYERS_MAX) return { issues, draft: null, spec: null }
  const drafts: DraftNode[] = []
  const nodes: NodeConfig[] = []
  for (const [index, node] of json.nodes.entries()) {
    const where = join(path, `nodes[${index}]`)
    const parsed = parseWithIssues<typeof nodeSchema>(nodeSchema, node, where)
    if (parsed.ok) {
      nodes.push(parsed.value)
      drafts.push({ id: parsed.value.id, path: where, config: withoutLinks(parsed.value), inputs: parsed.value.inputs })
      continue
    }
    issues.push(...parsed.issues)
    if (issues.length > ISSUES_MAX) return { issues, draft: null, spec: null }
    drafts.push({ id: idOf(node), path: where, config: null, inputs: isObject(node) ? namesOf(node.inputs) : null })
  }
  const inputs = Object.entries(isObject(json.inputs) ? json.inputs : {}).map(
    ([name, input]): DraftInput => ({ name, path: join(path, `inputs.${name}`), shape: isObject(input) ? shapeOf(input.shape) : null }),
  )
  const outputs = namesOf(json.outputs)
  issues.push(...countIssues(inputs.length, isObject(json.inputs), join(path, 'inputs'), 'inputs'))
  issues.push(...countIssues(outputs?.length ?? 1, outputs !== null, join(path, 'outputs'), 'outputs'))
  const draft = { inputs, nodes: drafts, outputs, outputsPath: join(path, 'outputs') }
  return { issues, draft, spec: envelope.ok ? { ...envelope.value, nodes } : null }
}

/** The format allows several inputs and outputs; training takes one of each. */
function countIssues(count: number, isValid: boolean, path: string, what: string): readonly Issue[] {
  if (!isValid || count === 1 || (count === 0 && what === 'outputs')) return []
  const message = `The model has ${count} ${what}. Expected exactly one.`
  return [{ path, code: `wrong_number_of_${what}`, message, hint: count === 0 ? 'Name it with its shape.' : 'Keep one.' }]
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

function withoutLinks(config: LayerConfig | NodeConfig): AnyLayerConfig {
  const { id: _, ...rest } = config
  if (!('inputs' in rest)) return rest
  const { inputs: __, ...own } = rest
  return own
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

function namesOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string') ? value : null
}

function shapeOf(value: unknown): readonly number[] | null {
  const parsed = inputShapeSchema.safeParse(value)
  return parsed.success ? parsed.data : null
}
