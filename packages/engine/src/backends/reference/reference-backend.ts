// The backend in plain TypeScript: the oracle of every test, the fast path of tiny networks, the fallback where no library is installed.
// Single-threaded, and the same bits on every machine up to the accuracy of Math.exp, Math.log and Math.tanh.

import type { Node, Phase, Program } from '../../core/program.ts'
import type { OpAttributes, OpName } from '../../ops/index.ts'
import type { Backend, Executable, NumericArray, RealArray } from '../backend.ts'
import type { Kernel } from './kernel.ts'
import { KERNELS } from './kernels.ts'
import { ProgramMemory, type RealArrayConstructor } from './memory.ts'

export interface ReferenceBackendOptions {
  /** Precision of real tensors. Default float32; float64 is for gradient checks. */
  readonly real?: 'float32' | 'float64'
}

/** @example createReferenceBackend({ real: 'float64' }).compile(program, { threads: 1 }).run('train') */
export function createReferenceBackend({ real = 'float32' }: ReferenceBackendOptions = {}): Backend {
  const Real: RealArrayConstructor = real === 'float64' ? Float64Array : Float32Array
  return { name: 'reference', version: `reference 1 ${real}`, compile: (program) => compile(program, Real) }
}

function compile(program: Program, Real: RealArrayConstructor): Executable {
  const memory = new ProgramMemory(program, Real)
  const scratch = new Real(scratchSize(program))
  const steps: { readonly [P in Phase]: readonly (() => void)[] } = {
    train: bindPhase(program, 'train', memory, scratch),
    evaluate: bindPhase(program, 'evaluate', memory, scratch),
    predict: bindPhase(program, 'predict', memory, scratch),
  }
  const checkedArray = (tensor: number, values: NumericArray): NumericArray => {
    const array = memory.kept(tensor)
    if (array.length !== values.length) {
      throw new RangeError(`${program.tensors[tensor]!.name} has ${array.length} elements, but the array has ${values.length}`)
    }
    return array
  }
  return {
    bytes: memory.bytes + scratch.byteLength,
    run(phase) {
      const bound = steps[phase]
      for (let i = 0; i < bound.length; i++) bound[i]!()
    },
    write: (tensor, values) => checkedArray(tensor, values).set(values),
    read: (tensor, into) => into.set(checkedArray(tensor, into)),
    close: () => {},
  }
}

function bindPhase(program: Program, phase: Phase, memory: ProgramMemory, scratch: RealArray): readonly (() => void)[] {
  return program.phases[phase].flatMap((node) => {
    const inputs = node.inputs.map((id) => memory.operand(id, phase))
    const outputs = node.outputs.map((id) => memory.operand(id, phase))
    // A view needs no work.
    if (node.op === 'reshape' && isSameMemory(inputs[0]!.values, outputs[0]!.values)) return []
    return [bind(node, { inputs, outputs, scratch })]
  })
}

function bind<K extends OpName>({ op, attributes }: Node<K>, operands: Parameters<Kernel<OpAttributes<K>>['bind']>[0]): () => void {
  return kernelOf(op).bind(operands, attributes)
}

function kernelOf<K extends OpName>(op: K): Kernel<OpAttributes<K>> {
  return KERNELS[op]
}

function scratchSize({ phases, tensors }: Program): number {
  const sizes = Object.values(phases)
    .flat()
    .map((node) => scratchOf(node, (id) => tensors[id]!))
  return Math.max(0, ...sizes)
}

function scratchOf<K extends OpName>(
  { op, inputs, outputs, attributes }: Node<K>,
  typeOf: (id: number) => Program['tensors'][number],
): number {
  return kernelOf(op).scratch?.(inputs.map(typeOf), outputs.map(typeOf), attributes) ?? 0
}

function isSameMemory(a: RealArray, b: RealArray): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset
}
