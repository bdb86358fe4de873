import { PRESET_NAMES, PRESETS, type PresetName, presetOptions, validateModelSpec } from '@trainyard/engine/spec'
import { z } from 'zod'
import { defineRoute } from '../../http/route.ts'
import { describeModel } from './model.serializer.ts'

const presetSchema = z.object({
  object: z.literal('preset'),
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  source: z.string().meta({ description: 'The paper, or where it comes from.' }),
  options: z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema of the options.' }),
  parameters: z.int().nullable().meta({ description: 'With the default options; null when some option has no default.' }),
})
const presetListSchema = z.object({ object: z.literal('list'), data: z.array(presetSchema), has_more: z.literal(false) })

let known: z.output<typeof presetListSchema> | null = null

/** They never change while the process runs. Made when first asked for, since deep networks take milliseconds each. */
function presets(): z.output<typeof presetListSchema> {
  known ??= { object: 'list', data: PRESET_NAMES.map(describePreset), has_more: false }
  return known
}

function describePreset(name: PresetName): z.output<typeof presetSchema> {
  const { title, summary, source } = PRESETS[name]
  const { $schema: _, ...options } = z.toJSONSchema(presetOptions(name), { io: 'input' })
  const model = validateModelSpec({ version: 1, preset: { name } })
  return { object: 'preset', name, title, summary, source, options, parameters: model.ok ? describeModel(model.spec).parameters : null }
}

export const listPresets = defineRoute({
  method: 'GET',
  path: '/v1/models/presets',
  operationId: 'listPresets',
  tag: 'models',
  summary: 'List presets',
  description: 'Well-known architectures by name, with the JSON Schema of their options.',
  scope: 'read',
  responses: { 200: { description: 'All presets.', schema: presetListSchema } },
  handler: presets,
})
