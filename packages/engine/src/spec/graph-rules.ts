// The rules of a graph of named nodes: unique names, known inputs, no cycles, nothing unused. Shapes are checked elsewhere.

import type { Issue } from '@trainyard/errors'
import { layerOf } from '../layers/index.ts'
import type { Draft, DraftNode } from './draft.ts'
import { formatPath, ISSUES_MAX } from './issues.ts'
import { suggest } from './suggest.ts'

/** Nodes of a cycle that a message names. */
const SHOWN_MAX = 8

export interface GraphCheck {
  readonly issues: readonly Issue[]
  /** Nodes after everything that they read; nodes of a cycle and what reads them are left out. */
  readonly order: readonly DraftNode[]
}

export function checkGraph(draft: Draft): GraphCheck {
  const issues: Issue[] = []
  const byName = new Map<string, DraftNode | null>()
  for (const { name } of draft.inputs) byName.set(name, null)
  for (const node of draft.nodes) {
    if (node.id === null) continue
    if (byName.has(node.id)) {
      const where = byName.get(node.id)?.path ?? 'an input'
      issues.push({
        path: `${node.path}.id`,
        code: 'duplicate_id',
        message: `The id "${node.id}" is already that of ${where}. Expected a unique id.`,
        hint: 'Rename one of them.',
      })
    } else byName.set(node.id, node)
  }
  const names = [...byName.keys()].filter((name) => !name.startsWith('$'))
  for (const node of draft.nodes) {
    if (issues.length > ISSUES_MAX) break
    issues.push(...checkInputs(node, byName, names))
  }
  issues.push(...checkOutputs(draft, byName, names))
  const { order, cycles } = topologicalOrder(draft.nodes, byName)
  for (const cycle of cycles) {
    const [first] = cycle
    const path = first?.path ?? ''
    const ids = cycle.slice(0, SHOWN_MAX).map(({ id }) => `"${id}"`)
    if (cycle.length > SHOWN_MAX) ids.push('…')
    issues.push({
      path: `${path}.inputs`,
      code: 'cycle',
      message: `The nodes ${ids.join(' ← ')} ← "${first?.id}" read each other. Expected no cycle.`,
      hint: 'Remove one of these inputs.',
    })
  }
  // What is unused can only be told where all links are known.
  if (issues.length === 0) issues.push(...unused(draft, byName))
  return { issues, order }
}

function checkInputs(node: DraftNode, byName: ReadonlyMap<string, unknown>, names: readonly string[]): readonly Issue[] {
  if (node.inputs === null) return []
  const issues = node.inputs.slice(0, ISSUES_MAX).flatMap((name, index): Issue[] => {
    if (byName.has(name)) return []
    const known = names.filter((each) => each !== node.id)
    const message = `"${name}" is no node and no input of the model.`
    return [{ path: `${node.path}.inputs[${index}]`, code: 'unknown_input', message, hint: suggest(name, known, 'names') }]
  })
  if (node.config === null) return issues
  const [min, max] = layerOf(node.config.type).arity
  if (node.inputs.length >= min && node.inputs.length <= max) return issues
  const expected = min === max ? String(min) : `${min} to ${max}`
  const message = `A layer of type "${node.config.type}" has ${node.inputs.length} inputs. Expected ${expected}.`
  const hint = max === 1 ? 'Join several inputs with a node of type "add" first.' : 'Name all inputs.'
  return [...issues, { path: `${node.path}.inputs`, code: 'wrong_input_count', message, hint }]
}

function checkOutputs(draft: Draft, byName: ReadonlyMap<string, DraftNode | null>, names: readonly string[]): readonly Issue[] {
  const { outputs, outputsPath } = draft
  if (outputs === null || outputsPath === null) return []
  return outputs.slice(0, ISSUES_MAX).flatMap((name, index): Issue[] => {
    const path = `${outputsPath}[${index}]`
    if (!byName.has(name)) return [{ path, code: 'unknown_output', message: `"${name}" is no node.`, hint: suggest(name, names, 'names') }]
    if (byName.get(name) === null) {
      return [
        { path, code: 'output_is_input', message: `"${name}" is an input of the model. Expected a node.`, hint: 'Name the last node.' },
      ]
    }
    return []
  })
}

/** Kahn's algorithm; what remains is traced back to its cycles, one issue each. */
function topologicalOrder(nodes: readonly DraftNode[], byName: ReadonlyMap<string, DraftNode | null>) {
  const readers = new Map<DraftNode, DraftNode[]>()
  const waiting = new Map<DraftNode, number>()
  for (const node of nodes) {
    const sources = (node.inputs ?? []).flatMap((name) => byName.get(name) ?? [])
    waiting.set(node, sources.length)
    for (const source of sources) {
      const list = readers.get(source)
      if (list === undefined) readers.set(source, [node])
      else list.push(node)
    }
  }
  const order = nodes.filter((node) => waiting.get(node) === 0)
  for (let next = 0; next < order.length; next++) {
    const node = order[next]
    for (const reader of (node && readers.get(node)) ?? []) {
      const left = (waiting.get(reader) ?? 0) - 1
      waiting.set(reader, left)
      if (left === 0) order.push(reader)
    }
  }
  const stuck = new Set(nodes.filter((node) => (waiting.get(node) ?? 0) > 0))
  return { order, cycles: findCycles(stuck, byName) }
}

/** Follows inputs among the stuck nodes until one repeats: that is a cycle. Every stuck node leads to one. */
function findCycles(stuck: ReadonlySet<DraftNode>, byName: ReadonlyMap<string, DraftNode | null>): readonly (readonly DraftNode[])[] {
  const cycles: DraftNode[][] = []
  const seen = new Set<DraftNode>()
  for (const start of stuck) {
    const trail: DraftNode[] = []
    let at: DraftNode | undefined = start
    while (at !== undefined && !seen.has(at)) {
      seen.add(at)
      trail.push(at)
      at = at.inputs?.flatMap((name) => byName.get(name) ?? []).find((source) => stuck.has(source))
    }
    const from: number = at === undefined ? -1 : trail.indexOf(at)
    if (from >= 0) cycles.push(trail.slice(from))
  }
  return cycles
}

function unused(draft: Draft, byName: ReadonlyMap<string, DraftNode | null>): readonly Issue[] {
  if (draft.outputs === null) return []
  const used = new Set<string>(draft.outputs)
  for (const name of used) for (const input of byName.get(name)?.inputs ?? []) used.add(input)
  const hint = 'Remove it, or let a node that leads to an output read it.'
  return [...draft.nodes.map(({ id, path }) => ({ name: id, path })), ...draft.inputs.map(({ name, path }) => ({ name, path }))].flatMap(
    ({ name, path }) =>
      name === null || used.has(name)
        ? []
        : [{ path: formatPath(path, []), code: 'unused', message: `"${name}" leads to no output.`, hint }],
  )
}
