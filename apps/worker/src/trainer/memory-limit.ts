// How much memory a trainer may take, by the plan of its model. The kernel enforces it (RLIMIT_DATA: private writable memory, so neither
// mapped files nor what V8 only reserves), and a trainer that asks for more fails with `out_of_memory` instead of taking the machine down.
// Linux only: elsewhere the limit is the plan's word.

import { readFileSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import type { MemoryEstimate } from '@trainyard/engine/plan'
import { TrainyardError } from '@trainyard/errors'
import koffi from 'koffi'

/** bits/resource.h */
const RLIMIT_DATA = 2
/** A backend's blocked layouts and scratch memory, and the copies that a checkpoint is made of. */
const PLAN_FACTOR = 2
/** Of a batch: the data thread's slots, an evaluation's reader. */
const BATCHES_IN_FLIGHT = 8
/** Bytes for stacks of threads, compiled kernels, and whatever libraries keep. */
const MARGIN = 512 * 1024 ** 2
/** Bytes outside of the JavaScript heap for a run without a model: decoding pictures, writing shards. */
export const PREPARATION_BYTES = 2 * 1024 ** 3

/**
 * From now on the process gets no more than it has, the JavaScript heap that it may have, and what the plan needs.
 * @param max What the worker grants to any trainer, in bytes; null for no limit beside the plan's
 * @throws TrainyardError out_of_memory when the plan alone is more than the worker grants
 */
export function limitMemoryToPlan({ total, inputsAndOutputs }: MemoryEstimate, max: number | null): void {
  if (max !== null && total > max) {
    throw new TrainyardError('out_of_memory', {
      detail: `The model and one batch of it take ${megabytes(total)}; this worker grants a run ${megabytes(max)}.`,
      hint: 'Reduce the batch size or the model, or ask the operator for a higher TRAINER_MEMORY_MB.',
    })
  }
  limitMemory(PLAN_FACTOR * total + BATCHES_IN_FLIGHT * inputsAndOutputs, max)
}

/** @param bytes needed on top of what the process has and its heap may grow to */
export function limitMemory(bytes: number, max: number | null): void {
  if (process.platform !== 'linux') return
  const { heap_size_limit: heapMax } = getHeapStatistics()
  const wanted = dataBytes() + heapMax + bytes + MARGIN
  const libc = koffi.load(null)
  const call = (name: string): ((resource: number, softAndHard: BigUint64Array) => number) => libc.func(name, 'int', ['int', 'void *'])
  const current = new BigUint64Array(2)
  call('getrlimit')(RLIMIT_DATA, current)
  // What holds already may be lowered only.
  const [, hard = 0n] = current
  const asked = BigInt(Math.ceil(max === null ? wanted : Math.min(wanted, max)))
  const limit = asked < hard ? asked : hard
  if (call('setrlimit')(RLIMIT_DATA, new BigUint64Array([limit, limit])) === 0) return
  throw new TrainyardError('internal', { detail: `The memory limit of ${limit} bytes could not be set: errno ${koffi.errno()}.` })
}

/** Private writable memory that the process has now, as the kernel counts it. */
function dataBytes(): number {
  const line = /^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(line?.[1] ?? 0) * 1024
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2)} MB`
