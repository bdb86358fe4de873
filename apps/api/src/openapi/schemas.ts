// From zod schemas to the component and inline schemas of the document.

import {
  apiKeySchema,
  attemptSchema,
  checkpointSchema,
  datasetSchema,
  datasetVersionSchema,
  eventSchema,
  jobSchema,
  metricsSchema,
  modelSchema,
  problemSchema,
  projectSchema,
  runSchema,
  uploadPartSchema,
  uploadSchema,
} from '@trainyard/contracts'
import { z } from 'zod'

export type JsonSchema = { readonly [key: string]: unknown }

/** Resources that get a name of their own; other schemas have theirs from their own meta data. */
const COMPONENTS = {
  ApiKey: apiKeySchema,
  Attempt: attemptSchema,
  Checkpoint: checkpointSchema,
  Dataset: datasetSchema,
  DatasetVersion: datasetVersionSchema,
  Event: eventSchema,
  Job: jobSchema,
  Metrics: metricsSchema,
  Model: modelSchema,
  Problem: problemSchema,
  Project: projectSchema,
  Run: runSchema,
  Upload: uploadSchema,
  UploadPart: uploadPartSchema,
} as const satisfies Record<string, z.ZodType>

const BASE = '#/components/schemas/'
const SHARED = `${BASE}__shared#/$defs/`

export interface SchemaTable {
  readonly components: Readonly<Record<string, JsonSchema>>
  /** Of a schema that was given to `renderSchemas`. */
  of(schema: z.ZodType): JsonSchema
}

/**
 * @param sent what clients send: fields with defaults may be missing
 * @param returned what they get
 * A component that differs between the two gets a second one, with the suffix Input.
 */
export function renderSchemas(sent: readonly z.ZodType[], returned: readonly z.ZodType[]): SchemaTable {
  const output = convert(returned, 'output')
  const input = convert(sent, 'input')
  const renamed = differing(input.components, output.components)
  const rename = (schema: JsonSchema) => mapReferences(schema, (name) => (renamed.has(name) ? `${name}Input` : name))
  const components = { ...output.components }
  for (const [name, schema] of Object.entries(input.components)) components[renamed.has(name) ? `${name}Input` : name] = rename(schema)
  const inline = new Map([...output.inline, ...[...input.inline].map(([schema, json]) => [schema, rename(json)] as const)])
  return {
    components,
    of(schema) {
      const json = inline.get(schema)
      if (json === undefined) throw new Error('the schema was not given to renderSchemas')
      return json
    },
  }
}

function convert(schemas: readonly z.ZodType[], io: 'input' | 'output') {
  const registry = z.registry<{ id: string }>()
  const named = new Map<z.ZodType, string>(Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]))
  for (const [schema, id] of named) registry.add(schema, { id })
  const anonymous = [...new Set(schemas)].filter((schema) => !named.has(schema))
  anonymous.forEach((schema, i) => {
    registry.add(schema, { id: `__inline${i}` })
  })
  const rendered = z.toJSONSchema(registry, { uri: (id) => BASE + id, io, unrepresentable: 'any', override: simplify }).schemas
  const { __shared: shared, ...rest } = rendered as Record<string, JsonSchema>
  const all = { ...rest, ...(shared?.$defs as Record<string, JsonSchema> | undefined) }
  const components: Record<string, JsonSchema> = {}
  for (const [name, schema] of Object.entries(all)) if (!name.startsWith('__inline')) components[name] = clean(schema)
  const inline = new Map<z.ZodType, JsonSchema>()
  for (const schema of schemas) {
    const name = named.get(schema)
    inline.set(schema, name === undefined ? clean(all[`__inline${anonymous.indexOf(schema)}`] ?? {}) : { $ref: BASE + name })
  }
  return { components, inline }
}

/** Limits of JavaScript's numbers and expressions for leap years say nothing to a reader. */
function simplify({ jsonSchema }: { readonly jsonSchema: z.core.JSONSchema.BaseSchema }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern
}

function clean({ $schema: _, $id: __, id: ___, ...schema }: JsonSchema): JsonSchema {
  return mapReferences(schema, (name) => name)
}

/** A copy with the names of the referenced components changed. */
function mapReferences(schema: JsonSchema, change: (name: string) => string): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return value
    return BASE + change(value.startsWith(SHARED) ? value.slice(SHARED.length) : value.slice(BASE.length))
  })
}

/** Components that differ between the two sets, or refer to one that does. */
function differing(a: Readonly<Record<string, JsonSchema>>, b: Readonly<Record<string, JsonSchema>>): ReadonlySet<string> {
  const names = Object.keys(a).filter((name) => name in b)
  const different = new Set(names.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name])))
  for (let size = -1; size !== different.size; ) {
    size = different.size
    for (const name of names) if ([...different].some((other) => JSON.stringify(a[name]).includes(`"${BASE}${other}"`))) different.add(name)
  }
  return different
}
