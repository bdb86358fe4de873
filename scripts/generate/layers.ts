// The table of layers and presets, and what every known mistake in a specification is answered with.

import { LAYER_TYPES, LAYERS } from '@trainyard/engine/layers'
import {
  explainModel,
  PRESET_NAMES,
  PRESETS,
  presetOptions,
  residualConfigSchema,
  sequentialConfigSchema,
  validateModelSpec,
} from '@trainyard/engine/spec'
import { z } from 'zod'
import { BAD_SPECS } from '../../packages/engine/src/spec/bad-specs.samples.ts'

interface Field {
  readonly description?: string
  readonly default?: unknown
}

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`

/** Fields with their defaults and what they mean; those in bold are required. */
function fieldsOf(schema: z.ZodObject): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: Record<string, Field>
    required?: readonly string[]
  }
  return Object.entries(properties)
    .filter(([name]) => name !== 'type' && name !== 'id')
    .map(([name, field]) => {
      const label = required.includes(name) ? `**\`${name}\`**` : `\`${name}\``
      const value = field.default === undefined ? '' : ` = ${JSON.stringify(field.default)}`
      return `${label}${value}${field.description === undefined ? '' : `: ${field.description}`}`
    })
    .join('<br>')
}

function shapesOf(type: (typeof LAYER_TYPES)[number]): string {
  const [sample] = LAYERS[type].samples
  return sample === undefined ? '' : `${sample.inputs.map((shape) => `[${shape.join(', ')}]`).join(', ')} → [${sample.output.join(', ')}]`
}

function parametersOf(name: string): string {
  const result = validateModelSpec({ version: 1, preset: { name } })
  return result.ok ? explainModel(result.spec).total.parameters.toLocaleString('en-US') : 'by its options'
}

export function renderLayers(): string {
  return [
    '# Layers and presets',
    '',
    'Generated from packages/engine/src/layers and packages/engine/src/spec. Shapes are without the batch: [features] or [channels, height, width]. Fields in bold are required; every layer may have an `id`, after which its parameters are named.',
    '',
    '| type | what it does | fields | for example |',
    '|---|---|---|---|',
    ...LAYER_TYPES.map((type) => row([`\`${type}\``, LAYERS[type].summary, fieldsOf(LAYERS[type].config), shapesOf(type)])),
    '',
    '## Composites',
    '',
    'They stand for the layers inside of them, in lists and in graphs, and nest. The model becomes one flat graph, named as in PyTorch: `layer1.0.conv1.weight`.',
    '',
    '| type | what it does | fields |',
    '|---|---|---|',
    row(['`sequential`', 'Layers one after the other under one name.', fieldsOf(sequentialConfigSchema)]),
    row(['`residual`', 'F(x) + x, or F(x) + shortcut(x), with an activation after the sum.', fieldsOf(residualConfigSchema)]),
    '',
    '## Presets',
    '',
    '| name | what it is | parameters | options | source |',
    '|---|---|---|---|---|',
    ...PRESET_NAMES.map((name) =>
      row([`\`${name}\``, PRESETS[name].summary, parametersOf(name), fieldsOf(presetOptions(name)), PRESETS[name].source]),
    ),
    '',
  ].join('\n')
}

/** Specifications longer than this are shown by name alone. */
const JSON_MAX = 400

function shown(json: unknown): string {
  const text = toJson(json)
  return text === null || text.length > JSON_MAX ? '(too long to show)' : `\`${text}\``
}

/** null for what is nested deeper than JSON.stringify goes. JSON has no NaN; specifications with one come from code. */
function toJson(json: unknown): string | null {
  try {
    return JSON.stringify(json, (_, value: unknown) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

export function renderSpecificationErrors(): string {
  const sections = BAD_SPECS.map(({ name, json }) => {
    const result = validateModelSpec(json)
    const issues = result.ok ? [] : result.issues
    return [
      `### ${name}`,
      '',
      shown(json),
      '',
      ...issues.map(({ path, code, message, hint }) => `- \`${path}\` **${code}** ${message} *${hint}*`),
      '',
    ].join('\n')
  })
  return [
    '# Mistakes in model specifications, and their answers',
    '',
    'Generated from packages/engine/src/spec/bad-specs: path, code, message and hint of every issue.',
    '',
    ...sections,
  ].join('\n')
}
