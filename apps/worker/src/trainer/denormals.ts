// Denormal numbers: those between 0 and the smallest normal one (float32: 1.18e-38). A velocity whose gradient stays 0 decays into them and never
// out, and processors take over a hundred cycles for an operation that meets one. They are worth nothing to a training.

import koffi from 'koffi'

/** fenv_t of glibc and musl on x86-64: the environment of the x87 unit, then MXCSR. */
const FENV_BYTES = 32
const MXCSR_OFFSET = 28
/** Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, 10.2.3: flush to zero (results), denormals are zeros (operands). */
const FLUSH_TO_ZERO = 0x8000
const DENORMALS_ARE_ZEROS = 0x40

/** Read at run time, so that no compiler knows the answer. */
const SMALLEST_NORMAL = new Float64Array([2 ** -1022])

/**
 * From now on the calling thread, and each that it starts, takes denormal numbers for 0 and gives 0 in their place: native code, WebAssembly and
 * JavaScript alike, float32 and float64. For a process that does nothing but train: `Number.MIN_VALUE` is 0 in it. Before the backend starts its threads.
 * Linux on x86-64; elsewhere it changes nothing, and `areDenormalsFlushed` tells.
 */
export function flushDenormals(): void {
  if (process.platform !== 'linux' || process.arch !== 'x64') return
  const libc = koffi.load(null)
  const call = (name: string): ((environment: Uint8Array) => number) => libc.func(name, 'int', ['void *'])
  const environment = new Uint8Array(new ArrayBuffer(FENV_BYTES))
  call('fegetenv')(environment)
  const view = new DataView(environment.buffer)
  view.setUint32(MXCSR_OFFSET, view.getUint32(MXCSR_OFFSET, true) | FLUSH_TO_ZERO | DENORMALS_ARE_ZEROS, true)
  call('fesetenv')(environment)
}

/** Whether arithmetic of this thread gives 0 in place of denormal numbers: part of what decides the bits of a result. */
export function areDenormalsFlushed(): boolean {
  const [smallest = 0] = SMALLEST_NORMAL
  return smallest / 2 === 0
}
