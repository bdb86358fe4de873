// The half of the C interface that v2 and v3 share: engine, stream, compiled primitives, memory, execution.

import koffi, { type LibraryHandle } from 'koffi'
import type { Binding, BoundPrimitive, Descriptor, PrimitiveDescriptor } from './binding.ts'
import { CPU, INSTRUCTION_SETS, QUERY_IMPLEMENTATION, STREAM_IN_ORDER } from './constants.ts'
import { expectSuccess } from './errors.ts'
import { pointerSlot, statusFunction } from './native.ts'

/** sizeof(dnnl_exec_arg_t): int32 argument, padding, pointer. */
const ARGUMENT_BYTES = 16

type Execution = Pick<
  Binding,
  | 'version'
  | 'instructionSet'
  | 'implementation'
  | 'releaseDescriptor'
  | 'compile'
  | 'releasePrimitive'
  | 'memory'
  | 'releaseMemory'
  | 'bind'
  | 'execute'
  | 'setThreads'
> & { readonly engine: bigint }

export function openExecution(library: LibraryHandle, version: string): Execution {
  const createEngine = statusFunction(library, 'dnnl_engine_create', 'piz')
  const createStream = statusFunction(library, 'dnnl_stream_create', 'ppu')
  const createPrimitive = statusFunction(library, 'dnnl_primitive_create', 'pp')
  const destroyPrimitive = statusFunction(library, 'dnnl_primitive_destroy', 'p')
  const destroyDescriptor = statusFunction(library, 'dnnl_primitive_desc_destroy', 'p')
  const queryDescriptor = statusFunction(library, 'dnnl_primitive_desc_query', 'piip')
  const createMemory = statusFunction(library, 'dnnl_memory_create', 'pppp')
  const destroyMemory = statusFunction(library, 'dnnl_memory_destroy', 'p')
  const execute = statusFunction(library, 'dnnl_primitive_execute', 'ppip')
  const effectiveSet = statusFunction(library, 'dnnl_get_effective_cpu_isa', '')
  const setThreads = openMpSetter(library)

  const slot = pointerSlot()
  expectSuccess('dnnl_engine_create', createEngine(slot, CPU, 0))
  const engine = slot[0]!
  expectSuccess('dnnl_stream_create', createStream(slot, engine, STREAM_IN_ORDER))
  const stream = slot[0]!
  const set = effectiveSet()

  return {
    engine,
    version,
    instructionSet: INSTRUCTION_SETS.find(([bits]) => (set & bits) === bits)?.[1] ?? 'generic',
    implementation: (primitive) => {
      expectSuccess('dnnl_primitive_desc_query', queryDescriptor(primitive, QUERY_IMPLEMENTATION, 0, slot))
      return koffi.decode.string(slot[0]!)
    },
    releaseDescriptor: (primitive) => expectSuccess('dnnl_primitive_desc_destroy', destroyDescriptor(primitive)),
    compile: (primitive: PrimitiveDescriptor) => {
      expectSuccess('dnnl_primitive_create', createPrimitive(slot, primitive))
      return slot[0]!
    },
    releasePrimitive: (primitive) => expectSuccess('dnnl_primitive_destroy', destroyPrimitive(primitive)),
    memory: (descriptor: Descriptor, address) => {
      expectSuccess('dnnl_memory_create', createMemory(slot, descriptor, engine, address))
      return slot[0]!
    },
    releaseMemory: (memory) => expectSuccess('dnnl_memory_destroy', destroyMemory(memory)),
    bind: (primitive, memories): BoundPrimitive => {
      const argumentBytes = new Uint8Array(new ArrayBuffer(Math.max(1, memories.length) * ARGUMENT_BYTES))
      const view = new DataView(argumentBytes.buffer)
      memories.forEach(([argument, memory], index) => {
        view.setInt32(index * ARGUMENT_BYTES, argument, true)
        view.setBigUint64(index * ARGUMENT_BYTES + 8, memory, true)
      })
      return { primitive, argumentCount: memories.length, argumentBytes }
    },
    execute: (bound) => {
      const status = execute(bound.primitive, stream, bound.argumentCount, bound.argumentBytes)
      if (status !== 0) expectSuccess('dnnl_primitive_execute', status)
    },
    setThreads: (threads) => setThreads?.(threads),
  }
}

/** The OpenMP runtime that the library brought with it; other threading runtimes have no such function. */
function openMpSetter(library: LibraryHandle): ((threads: number) => void) | null {
  try {
    return library.func('omp_set_num_threads', 'void', ['int'])
  } catch {
    return null
  }
}
