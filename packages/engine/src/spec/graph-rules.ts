// The rules of a graph of named nodes: unique names, known inputs, no cycles, nothing unused. Shapes are checked elsewhere.

import type { Issue } from '@trainyard/errors'
import { layerOf } from '../layers/index.ts'
import type { Draft, DraftGroup, DraftNode } from './draft.ts'
import { formatPath, ISSUES_MAX } from './issues.ts'
import { suggest } from './suggest.ts'

/** Nodes of a cycle that a message names. */
const SHOWN_MAX = 8

export interface GraphCheck {
  readonly issues: readonly Issue[]
  /** Nodes after everything that they read; nodes of a cycle and what reads them are left out. */
  readonly order: readonly DraftNode[]
}

/** Nodes by name; null for inputs of the model and for composites whose output is not known. */
type Names = ReadonlyMap<string, DraftNode | null>

export function checkGraph(draft: Draft): GraphCheck {
  const { names, issues } = collectNames(draft)
  const known = [...names.keys()].filter((name) => !name.startsWith('$'))
  for (const linked of [...draft.nodes.filter(({ isLinkedByHand }) => isLinkedByHand), ...draft.groups]) {
    if (issues.length > ISSUES_MAX) break
    issues.push(...checkInputs(linked, names, known))
  }
  issues.push(...checkOutputs(draft, names, known))
  const { order, cycles } = topologicalOrder(draft.nodes, names)
  for (const cycle of cycles) {
    const [first] = cycle
    const ids = cycle.slice(0, SHOWN_MAX).map(({ id }) => `"${id}"`)
    if (cycle.length > SHOWN_MAX) ids.push('…')
    issues.push({
      path: first?.isLinkedByHand === false ? first.path : `${first?.path}.inputs`,
      code: 'cycle',
      message: `The nodes ${ids.join(' ← ')} ← "${first?.id}" read each other. Expected no cycle.`,
      hint: 'Remove one of these inputs.',
    })
  }
  // What is unused can only be told where all links are known.
  if (issues.length === 0) issues.push(...unused(draft, names))
  return { issues, order }
}

/** Inputs, composites and nodes under their names, each of which must be unique. */
function collectNames({ inputs, groups, nodes }: Draft): { readonly names: Names; readonly issues: Issue[] } {
  const issues: Issue[] = []
  const names = new Map<string, DraftNode | null>()
  const paths = new Map<string, string>()
  for (const { name } of inputs) {
    names.set(name, null)
    paths.set(name, 'an input')
  }
  const repeated: string[] = []
  const add = (id: string, path: string, node: DraftNode | null): void => {
    const where = paths.get(id)
    if (where === undefined) {
      names.set(id, node)
      paths.set(id, path)
      return
    }
    issues.push({
      path: `${path}.id`,
      code: 'duplicate_id',
      message: `The id "${id}" is already that of ${where}. Expected a unique id.`,
      hint: 'Rename one of them.',
    })
    if (node === null) repeated.push(path)
  }
  for (const { id, path } of groups.toSorted((a, b) => a.path.length - b.path.length)) {
    if (id !== null && !isInside(path, repeated)) add(id, path, null)
  }
  for (const node of nodes) if (node.id !== null && !isInside(node.path, repeated)) add(node.id, node.path, node)
  return { names, issues }
}

/** Names inside of a composite whose own name is taken are no mistakes of their own. */
function isInside(path: string, composites: readonly string[]): boolean {
  return composites.some((outer) => path === outer || path.startsWith(`${outer}.`))
}

function checkInputs(linked: DraftNode | DraftGroup, names: Names, known: readonly string[]): readonly Issue[] {
  const { id, path, inputs } = linked
  if (inputs === null) return []
  const issues = inputs.slice(0, ISSUES_MAX).flatMap((name, index): Issue[] => {
    if (names.has(name)) return []
    const others = known.filter((each) => each !== id)
    const message = `"${name}" is no node and no input of the model.`
    return [{ path: `${path}.inputs[${index}]`, code: 'unknown_input', message, hint: suggest(name, others, 'names') }]
  })
  const layer = arityOf(linked)
  if (layer === null) return issues
  const [min, max] = layer.arity
  if (inputs.length >= min && inputs.length <= max) return issues
  const expected = min === max ? String(min) : `${min} to ${max}`
  const message = `${layer.what} has ${inputs.length} inputs. Expected ${expected}.`
  const hint = max === 1 ? 'Join several inputs with a node of type "add" or "concatenate" first.' : 'Name all inputs.'
  return [...issues, { path: `${path}.inputs`, code: 'wrong_input_count', message, hint }]
}

function arityOf(linked: DraftNode | DraftGroup): { readonly what: string; readonly arity: readonly [min: number, max: number] } | null {
  if (!('config' in linked)) return { what: 'A composite', arity: [1, 1] }
  return linked.config && { what: `A layer of type "${linked.config.type}"`, arity: layerOf(linked.config.type).arity }
}

function checkOutputs({ inputs, outputs, outputsPath }: Draft, names: Names, known: readonly string[]): readonly Issue[] {
  if (outputs === null || outputsPath === null) return []
  return outputs.slice(0, ISSUES_MAX).flatMap((name, index): Issue[] => {
    const path = `${outputsPath}[${index}]`
    if (!names.has(name)) return [{ path, code: 'unknown_output', message: `"${name}" is no node.`, hint: suggest(name, known, 'names') }]
    if (!inputs.some((input) => input.name === name)) return []
    return [{ path, code: 'output_is_input', message: `"${name}" is an input of the model. Expected a node.`, hint: 'Name the last node.' }]
  })
}

/** Kahn's algorithm; what remains is traced back to its cycles, one issue each. */
function topologicalOrder(nodes: readonly DraftNode[], names: Names) {
  const readers = new Map<DraftNode, DraftNode[]>()
  const waiting = new Map<DraftNode, number>()
  for (const node of nodes) {
    const sources = (node.inputs ?? []).flatMap((name) => names.get(name) ?? [])
    waiting.set(node, sources.length)
    for (const source of sources) {
      const list = readers.get(source)
      if (list === undefined) readers.set(source, [node])
      else list.push(node)
    }
  }
  const ready = nodes.filter((node) => waiting.get(node) === 0)
  for (let next = 0; next < ready.length; next++) {
    const node = ready[next]
    for (const reader of (node && readers.get(node)) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1
      waiting.set(reader, left)
      if (left === 0) ready.push(reader)
    }
  }
  const stuck = new Set(nodes.filter((node) => (waiting.get(node) ?? 0) > 0))
  return { order: depthFirst(ready, nodes, names), cycles: findCycles(stuck, names) }
}

/** Each node right after what it alone still waits for: a list that is in order stays as it is, and branches are not interleaved. */
function depthFirst(ready: readonly DraftNode[], nodes: readonly DraftNode[], names: Names): readonly DraftNode[] {
  const left = new Set(ready)
  const order: DraftNode[] = []
  for (const start of nodes) {
    const trail = left.has(start) ? [start] : []
    for (let node = trail.at(-1); node !== undefined; node = trail.at(-1)) {
      const source = node.inputs?.flatMap((name) => names.get(name) ?? []).find((each) => left.has(each))
      if (source !== undefined) {
        trail.push(source)
        continue
      }
      trail.pop()
      if (left.delete(node)) order.push(node)
    }
  }
  return order
}

/** Follows inputs among the stuck nodes until one repeats: that is a cycle. Every stuck node leads to one. */
function findCycles(stuck: ReadonlySet<DraftNode>, names: Names): readonly (readonly DraftNode[])[] {
  const cycles: DraftNode[][] = []
  const seen = new Set<DraftNode>()
  for (const start of stuck) {
    const trail: DraftNode[] = []
    let at: DraftNode | undefined = start
    while (at !== undefined && !seen.has(at)) {
      seen.add(at)
      trail.push(at)
      at = at.inputs?.flatMap((name) => names.get(name) ?? []).find((source) => stuck.has(source))
    }
    const from: number = at === undefined ? -1 : trail.indexOf(at)
    if (from >= 0) cycles.push(trail.slice(from))
  }
  return cycles
}

function unused({ inputs, nodes, groups, outputs }: Draft, names: Names): readonly Issue[] {
  if (outputs === null) return []
  const used = new Set<string>(outputs)
  for (const name of used) for (const input of names.get(name)?.inputs ?? []) used.add(input)
  const written = [
    ...nodes.filter(({ isLinkedByHand }) => isLinkedByHand).map(({ id, path }) => ({ name: id, leadsTo: id, path })),
    ...groups.filter(({ inputs: own }) => own !== null).map(({ id, output, path }) => ({ name: id, leadsTo: output, path })),
    ...inputs.map(({ name, path }) => ({ name, leadsTo: name, path })),
  ]
  const hint = 'Remove it, or let a node that leads to an output read it.'
  /** Of a composite, a layer inside may be read instead of the whole. */
  const isUsedInside = (name: string | null) => [...used].some((each) => each.startsWith(`${name}.`))
  return written.flatMap(({ name, leadsTo, path }) =>
    leadsTo === null || used.has(leadsTo) || isUsedInside(name)
      ? []
      : [{ path: formatPath(path, []), code: 'unused', message: `"${name}" leads to no output.`, hint }],
  )
}
