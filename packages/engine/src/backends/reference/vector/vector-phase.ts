// A phase as runs of compiled ops with plain kernels between them.

import type { Node, Phase, Program, ProgramNode } from '../../../core/program.ts'
import type { OpName } from '../../../ops/index.ts'
import type { Operand } from '../kernel.ts'
import type { Emitter, VectorOperand } from './emitter.ts'
import { EMITTERS } from './emitters.ts'
import type { VectorMemory } from './vector-memory.ts'
import { WasmCode } from './wasm-code.ts'

/** A function to compile, or one that is ready. */
export type VectorStep = WasmCode | (() => void)

/** @param bindPlain the plain kernel of a node; null for views, which need no work */
export function vectorSteps(
  program: Program,
  phase: Phase,
  { tensors, scratch }: VectorMemory,
  bindPlain: (node: ProgramNode) => (() => void) | null,
): readonly VectorStep[] {
  const steps: VectorStep[] = []
  const memo = new Map<number, number>()
  let run: WasmCode | null = null
  const operand = (id: number): VectorOperand => {
    const { shape, type, values, indices }: Operand = tensors.operand(id, phase)
    const { byteOffset, length } = type === 'real' ? values : indices
    return { id, shape, elements: length, address: byteOffset }
  }
  const emit = <K extends OpName>(node: Node<K>): boolean => {
    const emitter: Emitter<K> | undefined = EMITTERS[node.op]
    if (emitter === undefined) return false
    const code: WasmCode = run ?? new WasmCode()
    const { attributes } = node
    const isEmitted = emitter({ code, inputs: node.inputs.map(operand), outputs: node.outputs.map(operand), attributes, scratch, memo })
    if (isEmitted && run === null) steps.push(code)
    if (isEmitted) run = code
    return isEmitted
  }
  for (const node of program.phases[phase]) {
    if (emit(node)) continue
    const plain = bindPlain(node)
    if (plain === null) continue
    steps.push(plain)
    run = null
  }
  return steps
}
