// The oneDNN backend: opens the library and compiles programs.

import type { Program } from '../../core/program.ts'
import type { Backend, CompileOptions } from '../backend.ts'
import { loadOnednn } from './binding/load.ts'
import { OnednnExecutable } from './executable.ts'

export interface OnednnBackend extends Backend {
  /** The executable shows its steps, for profiles. */
  compile(program: Program, options: CompileOptions): OnednnExecutable
}

export type OnednnResult =
  | { readonly available: true; readonly backend: OnednnBackend; readonly path: string }
  | { readonly available: false; readonly reason: string; readonly hint: string }

/**
 * Opens oneDNN from `path` or from the usual names; says why and what to install where it cannot.
 *
 * The parent of a training process sets, before the process starts:
 * - `OMP_NUM_THREADS`: threads of the kernels; `compile` sets the same number again through the OpenMP runtime.
 * - `GOMP_SPINCOUNT` where processes share cores: threads that wait must not spin for long.
 */
export function openOnednn(path?: string): OnednnResult {
  const loaded = loadOnednn(path)
  if (!loaded.available) return loaded
  const { binding } = loaded
  const backend: OnednnBackend = {
    name: 'onednn',
    version: `onednn ${binding.version} ${binding.instructionSet}`,
    compile: (program, { threads }) => {
      binding.setThreads(threads)
      return new OnednnExecutable(binding, program)
    },
  }
  return { available: true, backend, path: loaded.path }
}
