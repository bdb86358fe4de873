// The backend in plain TypeScript: the oracle of every test, the fast path of tiny networks, the fallback where no library is installed.
// Single-threaded, and the same bits on every machine up to the accuracy of Math.exp, Math.log and Math.tanh.

import type { Node, Phase, Program, ProgramNode } from '../../core/program.ts'
import type { OpAttributes, OpName } from '../../ops/index.ts'
import type { Backend, Executable, NumericArray, RealArray } from '../backend.ts'
import type { Kernel } from './kernel.ts'
import { KERNELS } from './kernels.ts'
import { ProgramMemory, type RealArrayConstructor } from './memory.ts'
import { allocateVectorMemory } from './vector/vector-memory.ts'
import { type VectorStep, vectorSteps } from './vector/vector-phase.ts'
import { WasmCode } from './vector/wasm-code.ts'
import { linkFunctions } from './vector/wasm-module.ts'

/** Numbers up to which a loop copies faster than a call. */
const SMALL = 16

export interface ReferenceBackendOptions {
  /** Precision of real tensors. Default float32; float64 is for gradient checks. */
  readonly real?: 'float32' | 'float64'
  /**
   * Compute the ops of tiny networks with vectors of four float32 numbers, in WebAssembly that is made for the program: some ten times as
   * fast, and other last bits than the plain loops. Only with float32. Default false.
   */
  readonly vectors?: boolean
}

/** @example createReferenceBackend({ real: 'float64' }).compile(program, { threads: 1 }).run('train') */
export function createReferenceBackend({ real = 'float32', vectors = false }: ReferenceBackendOptions = {}): Backend {
  if (vectors && real === 'float32') {
    return { name: 'reference', version: 'reference 1 float32 vectors', compile: (program) => compileVectors(program) }
  }
  const Real: RealArrayConstructor = real === 'float64' ? Float64Array : Float32Array
  return { name: 'reference', version: `reference 1 ${real}`, compile: (program) => compile(program, Real) }
}

type PhaseSteps = { readonly [P in Phase]: readonly (() => void)[] }

function compile(program: Program, Real: RealArrayConstructor): Executable {
  const memory = new ProgramMemory(program, Real)
  const scratch = new Real(scratchSize(program))
  const bound = (phase: Phase) =>
    program.phases[phase].flatMap((node) => {
      const step = bindNode(node, phase, memory, scratch)
      return step === null ? [] : [step]
    })
  const steps = { train: bound('train'), evaluate: bound('evaluate'), predict: bound('predict') }
  return executable(program, memory, steps, memory.bytes + scratch.byteLength)
}

function compileVectors(program: Program): Executable {
  const memory = allocateVectorMemory(program)
  const scratch = new Float32Array(scratchSize(program))
  const stepsOf = (phase: Phase) => vectorSteps(program, phase, memory, (node) => bindNode(node, phase, memory.tensors, scratch))
  const phases = { train: stepsOf('train'), evaluate: stepsOf('evaluate'), predict: stepsOf('predict') }
  const codes = Object.values(phases).flatMap((steps) => steps.filter((step) => step instanceof WasmCode))
  const functions = new Map(linkFunctions(memory.memory, codes).map((linked, index) => [codes[index], linked]))
  const linked = (steps: readonly VectorStep[]) =>
    steps.map((step) => (step instanceof WasmCode ? (functions.get(step) ?? (() => {})) : step))
  const steps = { train: linked(phases.train), evaluate: linked(phases.evaluate), predict: linked(phases.predict) }
  return executable(program, memory.tensors, steps, memory.memory.buffer.byteLength + scratch.byteLength)
}

function executable(program: Program, memory: ProgramMemory, steps: PhaseSteps, bytes: number): Executable {
  const checkedArray = (tensor: number, values: NumericArray): NumericArray => {
    const array = memory.kept(tensor)
    if (array.length !== values.length) {
      throw new RangeError(`${program.tensors[tensor]!.name} has ${array.length} elements, but the array has ${values.length}`)
    }
    return array
  }
  return {
    bytes,
    run(phase) {
      const bound = steps[phase]
      for (let i = 0; i < bound.length; i++) bound[i]!()
    },
    write: (tensor, values) => copy(checkedArray(tensor, values), values),
    read: (tensor, into) => copy(into, checkedArray(tensor, into)),
    close: () => {},
  }
}

/** @returns null for a view, which needs no work */
function bindNode(node: ProgramNode, phase: Phase, memory: ProgramMemory, scratch: RealArray): (() => void) | null {
  const inputs = node.inputs.map((id) => memory.operand(id, phase))
  const outputs = node.outputs.map((id) => memory.operand(id, phase))
  if (node.op === 'reshape' && isSameMemory(inputs[0]!.values, outputs[0]!.values)) return null
  return bind(node, { inputs, outputs, scratch })
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

/** `set` costs more than a small copy. */
function copy(into: NumericArray, from: NumericArray): void {
  if (from.length > SMALL) into.set(from)
  else for (let i = 0; i < from.length; i++) into[i] = from[i]!
}

function isSameMemory(a: RealArray, b: RealArray): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset
}
