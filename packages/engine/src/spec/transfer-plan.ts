// What a transfer does with every parameter, decided before anything is loaded: which are copied by name, which begin anew, which stay
// fixed, and why. Pure data, so that the API can show it before a run exists.

import type { Issue } from '@trainyard/errors'
import type { Shape } from '../core/tensor.ts'
import { suggest } from './suggest.ts'

export interface TransferOptions {
  /** Selectors of the layers to copy: ids, or patterns with `*`. Default: all that both models have. */
  readonly include?: readonly string[] | undefined
  /** Layers that begin anew: a new head. */
  readonly exclude?: readonly string[]
  /** Layers whose parameters do not change. */
  readonly freeze?: readonly string[]
  /** Whether a layer of another shape is a mistake instead of beginning anew. Default false. */
  readonly strict?: boolean
}

export interface TransferStep {
  /** `conv1.weight` */
  readonly parameter: string
  /**
   * `loaded`: copied from the checkpoint. `reinitialized`: a parameter of the model that begins anew. `skipped`: a tensor of the checkpoint
   * that the model does not have.
   */
  readonly action: 'loaded' | 'reinitialized' | 'skipped'
  readonly frozen: boolean
  readonly reason: string
}

export interface TransferPlan {
  /** Parameters of the model in its order, then what is skipped. */
  readonly steps: readonly TransferStep[]
  /** Mistakes of the options; the plan must not be applied when there are any. */
  readonly issues: readonly Issue[]
}

export interface NamedShape {
  readonly name: string
  readonly shape: Shape
}

const layerOfParameter = (name: string) => name.slice(0, name.lastIndexOf('.'))
const text = (shape: Shape) => `[${shape.join(', ')}]`

/**
 * Whether a layer id fits a selector, in which each `*` stands for any text. Without one it is an id: that of the layer, or of a composite
 * around it. Linear in both.
 * @example matches('conv*', 'conv2') // true
 * @example matches('layer1', 'layer1.0.conv2') // true
 */
export function matches(selector: string, id: string): boolean {
  const [first = '', ...rest] = selector.split('*')
  const last = rest.pop()
  if (last === undefined) return selector === id || id.startsWith(`${selector}.`)
  if (!id.startsWith(first)) return false
  let from = first.length
  for (const part of rest) {
    const at = id.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return id.length - last.length >= from && id.endsWith(last)
}

/**
 * Plans a transfer by name. A layer is copied whole or not at all.
 * @param source parameters of the checkpoint, without the prefix `model.`
 * @param target parameters of the model to train
 * @param path of the options in what the user sent, for issues
 * @example planTransfer(source, target, { exclude: ['fc3'], freeze: ['conv*'] })
 */
export function planTransfer(
  source: readonly NamedShape[],
  target: readonly NamedShape[],
  { include, exclude = [], freeze = [], strict = false }: TransferOptions,
  path = 'transfer',
): TransferPlan {
  const available = new Map(source.map(({ name, shape }) => [name, shape]))
  const layers = [...new Set(target.map(({ name }) => layerOfParameter(name)))]
  const issues = Object.entries({ include: include ?? [], exclude, freeze }).flatMap(([option, selectors]) =>
    selectors.flatMap((selector, index) => unknownSelector(selector, `${path}.${option}[${index}]`, layers)),
  )
  const selected = (selectors: readonly string[], layer: string) => selectors.some((selector) => matches(selector, layer))
  const mismatches = new Map<string, string>()
  for (const { name, shape } of target) {
    const layer = layerOfParameter(name)
    const found = available.get(name)
    if (mismatches.has(layer)) continue
    if (found === undefined) mismatches.set(layer, `the checkpoint has no ${name}`)
    else if (found.join() !== shape.join())
      mismatches.set(layer, `${name} has the shape ${text(found)} in the checkpoint, ${text(shape)} in the model`)
  }
  const reasonAnew = (layer: string): string | null => {
    if (selected(exclude, layer)) return 'excluded: a new head'
    if (include !== undefined && !selected(include, layer)) return 'not included'
    return mismatches.get(layer) ?? null
  }
  const steps = target.map(({ name }): TransferStep => {
    const layer = layerOfParameter(name)
    const reason = reasonAnew(layer)
    const frozen = selected(freeze, layer)
    return reason === null
      ? { parameter: name, action: 'loaded', frozen, reason: 'same name and shape' }
      : { parameter: name, action: 'reinitialized', frozen, reason }
  })
  const known = new Set(target.map(({ name }) => name))
  const skipped = source
    .filter(({ name }) => !known.has(name))
    .map(({ name }): TransferStep => ({ parameter: name, action: 'skipped', frozen: false, reason: 'the model has no such parameter' }))
  issues.push(...consequences(steps, layers, { exclude, freeze }, strict ? mismatches : new Map(), path))
  return { steps: [...steps, ...skipped], issues }
}

function unknownSelector(selector: string, path: string, layers: readonly string[]): readonly Issue[] {
  if (layers.some((layer) => matches(selector, layer))) return []
  const message = `"${selector}" fits no layer with parameters.`
  return [{ path, code: 'unknown_layer', message, hint: suggest(selector, layers, 'layers') }]
}

/** Mistakes that show in the plan as a whole. */
function consequences(
  steps: readonly TransferStep[],
  layers: readonly string[],
  { exclude, freeze }: { readonly exclude: readonly string[]; readonly freeze: readonly string[] },
  mismatches: ReadonlyMap<string, string>,
  path: string,
): readonly Issue[] {
  const issues: Issue[] = []
  for (const [layer, reason] of mismatches) {
    if (exclude.some((selector) => matches(selector, layer))) continue
    issues.push({
      path,
      code: 'layer_differs',
      message: `Layer "${layer}" cannot be copied: ${reason}.`,
      hint: `Add "${layer}" to "exclude" to train it anew.`,
    })
  }
  if (!steps.some(({ action }) => action === 'loaded')) {
    const message = 'Nothing would be copied from the checkpoint.'
    const hint = 'Use the ids of its layers, or train without "transfer".'
    issues.push({ path, code: 'nothing_loaded', message, hint })
  }
  for (const layer of layers) {
    const first = steps.find(
      ({ parameter, frozen, action }) => layerOfParameter(parameter) === layer && frozen && action === 'reinitialized',
    )
    if (first === undefined) continue
    const index = freeze.findIndex((selector) => matches(selector, layer))
    const message = `Layer "${layer}" would be frozen at random values: ${first.reason}.`
    issues.push({ path: `${path}.freeze[${index}]`, code: 'frozen_but_new', message, hint: `Do not freeze "${layer}", or copy it.` })
  }
  if (steps.length > 0 && steps.every(({ frozen }) => frozen)) {
    const message = 'All parameters would be frozen: nothing is left to train.'
    issues.push({ path: `${path}.freeze`, code: 'nothing_to_train', message, hint: 'Freeze fewer layers, or submit an evaluation.' })
  }
  return issues
}

/** Names of the parameters that do not change. */
export function frozenParameters({ steps }: TransferPlan): ReadonlySet<string> {
  return new Set(steps.filter(({ frozen }) => frozen).map(({ parameter }) => parameter))
}
