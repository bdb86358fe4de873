// Graphs may have several outputs; a run trains the part that leads to one of them, or to those that have a loss of their own.

import type { Issue } from '@trainyard/errors'
import { formatPath, join } from './issues.ts'
import type { GraphSpec, ModelSpec, NodeConfig } from './model-spec.ts'
import { suggest } from './suggest.ts'

/** What of a training configuration says which outputs are trained. */
export interface OutputChoice {
  readonly output?: string | undefined
  readonly heads?: Readonly<Record<string, unknown>> | undefined
}

function chosenOutputs({ output, heads }: OutputChoice): readonly string[] {
  if (heads !== undefined) return Object.keys(heads)
  return output === undefined ? [] : [output]
}

/**
 * The part of a model that leads to the outputs that are trained; what only others need is left out. Models with one output stay as they are.
 * @param choice `output` or `heads`; neither where the model has one output
 * @example selectTrained(spec, training)
 */
export function selectTrained<S extends ModelSpec>(spec: S, choice: OutputChoice): S | GraphSpec {
  if (!('nodes' in spec)) return spec
  const wanted = chosenOutputs(choice)
  const outputs = spec.outputs.filter((name) => wanted.includes(name))
  if (outputs.length === 0 || outputs.length === spec.outputs.length) return spec
  const used = new Set(outputs)
  const kept = new Set<NodeConfig>()
  // A set yields what is added while it is gone through.
  for (const name of used) {
    const node = nodeOf(spec, name)
    if (node === null) continue
    kept.add(node)
    for (const input of node.inputs) used.add(input)
  }
  return {
    ...spec,
    inputs: Object.fromEntries(Object.entries(spec.inputs).filter(([name]) => used.has(name))),
    nodes: spec.nodes.filter((node) => kept.has(node)),
    outputs,
  }
}

/** The node of that name, or the composite that holds it; null for an input of the model. */
function nodeOf({ nodes }: GraphSpec, name: string): NodeConfig | null {
  const exact = nodes.find(({ id }) => id === name)
  if (exact !== undefined) return exact
  const holders = nodes.filter(({ id }) => name.startsWith(`${id}.`)).sort((a, b) => b.id.length - a.id.length)
  return holders[0] ?? null
}

/** Whether a run can train the model: outputs that are known, each output with a loss. */
export function checkTrainable(spec: ModelSpec, { output, heads }: OutputChoice, trainingPath: string): readonly Issue[] {
  const path = join(trainingPath, 'output')
  const headsPath = join(trainingPath, 'heads')
  if (!('nodes' in spec)) {
    const [where, name] = heads === undefined ? [path, output] : [headsPath, Object.keys(heads).join(', ')]
    if (name === undefined) return []
    const message = `The training asks for the output "${name}", but a model of this form has one output without a name.`
    const hint = heads === undefined ? 'Leave "output" out.' : 'Give its loss in "loss", or use a model with "nodes" and "outputs".'
    return [{ path: where, code: 'unknown_output', message, hint }]
  }
  if (output !== undefined && heads !== undefined) {
    const message = 'The training has "output" and "heads": both say what is trained.'
    return [{ path, code: 'contradictory_options', message, hint: 'Give one of both.' }]
  }
  const { outputs } = spec
  const named = heads === undefined ? [output ?? []].flat().map((name) => ({ path, name })) : headPaths(heads, headsPath)
  const unknown = named.filter(({ name }) => !outputs.includes(name))
  if (unknown.length > 0) {
    return unknown.map(({ path: where, name }) => ({
      path: where,
      code: 'unknown_output',
      message: `"${name}" is no output of the model.`,
      hint: suggest(name, outputs, 'outputs'),
    }))
  }
  if (named.length > 0 || outputs.length === 1) return []
  const message = `The model has ${outputs.length} outputs: ${outputs.join(', ')}. Nothing says which are trained.`
  const hint = `Set "output", for example to "${outputs[0]}", or give "heads" with the loss of each.`
  return [{ path, code: 'missing_output', message, hint }]
}

function headPaths(heads: Readonly<Record<string, unknown>>, path: string): readonly { readonly path: string; readonly name: string }[] {
  return Object.keys(heads).map((name) => ({ path: formatPath(path, [name]), name }))
}
