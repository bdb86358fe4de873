// Reads each of the three forms into a draft: as much of it as is valid, and every mistake of form on the way.

import type { Issue } from '@trainyard/errors'
import { CHAIN_INPUT, type Draft, type DraftInput } from './draft.ts'
import { chainDraft, graphDraft, type Item, type LinkedItem } from './expand.ts'
import { ISSUES_MAX, isObject, join, parseWithIssues } from './issues.ts'
import {
  graphSpecSchema,
  inputShapeSchema,
  LAYERS_MAX,
  type LayerConfig,
  layersSpecSchema,
  type ModelSpec,
  type NodeConfig,
  presetSpecSchema,
  SPEC_VERSION,
} from './model-spec.ts'
import { expandPreset, isPresetName, PRESET_NAMES, presetOptions } from './presets/registry.ts'
import { itemOf, looseLayers, readLayer, readNode } from './read-items.ts'
import { suggest } from './suggest.ts'

export interface ReadDraft {
  readonly issues: readonly Issue[]
  /** null when nothing can be said about layers. */
  readonly draft: Draft | null
  /** The specification with all defaults; null when it has mistakes of form. */
  readonly spec: ModelSpec | null
}

/** The envelope, with the layers as they came. */
const layersEnvelope = layersSpecSchema.extend({ layers: looseLayers })
const graphEnvelope = graphSpecSchema.extend({ nodes: looseLayers })

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
  const items = chain.layers.map((config) => itemOf(config, where))
  const draft = chainDraft({ name: CHAIN_INPUT, path: where, shape: chain.input.shape }, items)
  return { issues: [], draft, spec: { version: SPEC_VERSION, preset: { name, options: parsed.value } } }
}

export function readLayers(json: Record<string, unknown>, path: string): ReadDraft {
  const envelope = parseWithIssues(layersEnvelope, json, path)
  const issues = envelope.ok ? [] : [...envelope.issues]
  if (!Array.isArray(json.layers) || json.layers.length > LAYERS_MAX) return { issues, draft: null, spec: null }
  const items: Item[] = []
  const layers: LayerConfig[] = []
  for (const [index, layer] of json.layers.entries()) {
    const read = readLayer(layer, join(path, `layers[${index}]`))
    issues.push(...read.issues)
    if (issues.length > ISSUES_MAX) return { issues, draft: null, spec: null }
    items.push(read.item)
    if (read.config !== null) layers.push(read.config)
  }
  const shape = isObject(json.input) ? shapeOf(json.input.shape) : null
  const draft = chainDraft({ name: CHAIN_INPUT, path: join(path, 'input'), shape }, items)
  return { issues, draft, spec: envelope.ok ? { ...envelope.value, layers } : null }
}

export function readGraph(json: Record<string, unknown>, path: string): ReadDraft {
  const envelope = parseWithIssues(graphEnvelope, json, path)
  const issues = envelope.ok ? [] : [...envelope.issues]
  if (!Array.isArray(json.nodes) || json.nodes.length > LAYERS_MAX) return { issues, draft: null, spec: null }
  const items: LinkedItem[] = []
  const nodes: NodeConfig[] = []
  for (const [index, node] of json.nodes.entries()) {
    const read = readNode(node, join(path, `nodes[${index}]`))
    issues.push(...read.issues)
    if (issues.length > ISSUES_MAX) return { issues, draft: null, spec: null }
    items.push({ item: read.item, inputs: isObject(node) ? namesOf(node.inputs) : null })
    if (read.config !== null) nodes.push(read.config)
  }
  const inputs = Object.entries(isObject(json.inputs) ? json.inputs : {}).map(
    ([name, input]): DraftInput => ({ name, path: join(path, `inputs.${name}`), shape: isObject(input) ? shapeOf(input.shape) : null }),
  )
  const outputs = namesOf(json.outputs)
  if (inputs.length === 0 && isObject(json.inputs)) {
    const message = 'The model has no inputs. Expected at least one.'
    issues.push({ path: join(path, 'inputs'), code: 'wrong_number_of_inputs', message, hint: 'Name it with its shape.' })
  }
  const draft = graphDraft(inputs, items, outputs, join(path, 'outputs'))
  return { issues, draft, spec: envelope.ok ? { ...envelope.value, nodes } : null }
}

function namesOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string') ? value : null
}

function shapeOf(value: unknown): readonly number[] | null {
  const parsed = inputShapeSchema.safeParse(value)
  return parsed.success ? parsed.data : null
}
