// What a bad specification is, and shorthands to write one.

export interface BadSpec {
  readonly name: string
  readonly json: unknown
  /** `path code`, in any order; nothing else may be reported. */
  readonly issues: readonly string[]
}

export const chain = (layers: readonly unknown[], shape: readonly unknown[] = [1, 28, 28]) => ({ version: 1, input: { shape }, layers })
export const preset = (name: unknown, options?: unknown) => ({ version: 1, preset: options === undefined ? { name } : { name, options } })
export const graph = (nodes: readonly unknown[], outputs: readonly unknown[], inputs: unknown = { x: { shape: [4] } }) => ({
  version: 1,
  inputs,
  nodes,
  outputs,
})
export const fc = (id: string, ...inputs: string[]) => ({ id, type: 'dense', units: 4, inputs })

export function nested(depth: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}

export function compositesNested(depth: number): unknown {
  let layer: unknown = { type: 'relu' }
  for (let i = 0; i < depth; i++) layer = { type: 'sequential', layers: [layer] }
  return layer
}
