// Graphs may have several outputs and inputs; a run trains the part that leads to one output, on a dataset with one input.

import type { Issue } from '@trainyard/errors'
import { join } from './issues.ts'
import type { GraphSpec, ModelSpec, NodeConfig } from './model-spec.ts'
import { suggest } from './suggest.ts'

/**
 * The part of a model that leads to one of its outputs; what only other outputs need is left out. Models with one output stay as they are.
 * @param output one of the outputs; undefined where the model has one
 * @example selectOutput(spec, training.output)
 */
export function selectOutput<S extends ModelSpec>(spec: S, output: string | undefined): S | GraphSpec {
  if (!('nodes' in spec) || spec.outputs.length === 1 || output === undefined || !spec.outputs.includes(output)) return spec
  const used = new Set([output])
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
    outputs: [output],
  }
}

/** The node of that name, or the composite that holds it; null for an input of the model. */
function nodeOf({ nodes }: GraphSpec, name: string): NodeConfig | null {
  const exact = nodes.find(({ id }) => id === name)
  if (exact !== undefined) return exact
  const holders = nodes.filter(({ id }) => name.startsWith(`${id}.`)).sort((a, b) => b.id.length - a.id.length)
  return holders[0] ?? null
}

/** Whether a run can train the model: one output that is known, one input that leads to it. */
export function checkTrainable(spec: ModelSpec, output: string | undefined, modelPath: string, trainingPath: string): readonly Issue[] {
  const path = join(trainingPath, 'output')
  if (!('nodes' in spec)) {
    if (output === undefined) return []
    const message = `The training asks for the output "${output}", but a model of this form has one output without a name.`
    return [{ path, code: 'unknown_output', message, hint: 'Leave "output" out.' }]
  }
  const { outputs } = spec
  if (output !== undefined && !outputs.includes(output)) {
    return [{ path, code: 'unknown_output', message: `"${output}" is no output of the model.`, hint: suggest(output, outputs, 'outputs') }]
  }
  if (output === undefined && outputs.length > 1) {
    const message = `The model has ${outputs.length} outputs: ${outputs.join(', ')}. A run trains one of them.`
    return [{ path, code: 'missing_output', message, hint: `Set "output", for example to "${outputs[0]}".` }]
  }
  const inputs = Object.keys(selectOutput(spec, output).inputs)
  if (inputs.length === 1) return []
  const message = `The model reads ${inputs.length} inputs: ${inputs.join(', ')}. A dataset has one.`
  return [
    {
      path: join(modelPath, 'inputs'),
      code: 'several_inputs',
      message,
      hint: 'Join them to one input, or train an output that needs only one.',
    },
  ]
}
