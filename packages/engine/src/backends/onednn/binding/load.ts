// Finds the library, keeps it for the life of the process, and picks the binding by its version.

import koffi, { type LibraryHandle } from 'koffi'
import type { Binding } from './binding.ts'
import { openV2 } from './v2.ts'
import { openV3 } from './v3.ts'

export type LoadResult =
  | { readonly available: true; readonly binding: Binding; readonly path: string }
  | { readonly available: false; readonly reason: string; readonly hint: string }

/** Tried in this order. Debian 13 (soname with a minor version) and Homebrew have version 3, Debian 12 and Ubuntu 22.04 version 2. */
const NAMES = [
  'libdnnl.so.3',
  'libdnnl.so.3.6',
  'libdnnl.so.2',
  'libdnnl.3.dylib',
  '/opt/homebrew/lib/libdnnl.3.dylib',
  '/usr/local/lib/libdnnl.3.dylib',
] as const

const HINT =
  'Install oneDNN: apt-get install libdnnl2 (Debian 12, Ubuntu 22.04), apt-get install libdnnl3.6 (Debian 13), brew install onednn (macOS).'

const RTLD_NOW = 2
/** dlfcn.h of glibc and of macOS. */
const RTLD_NODELETE = process.platform === 'darwin' ? 0x80 : 0x1000

const OPENERS: { readonly [major: number]: (library: LibraryHandle, version: string) => Binding } = {
  2: openV2,
  3: openV3,
}

/**
 * Loads oneDNN from `path`, or from the usual names. Never throws for a missing or unfit library.
 *
 * The library is pinned with RTLD_NODELETE: koffi unloads libraries when Node exits, and unmapping the OpenMP runtime
 * under its waiting threads ends the process with SIGSEGV.
 */
export function loadOnednn(path?: string): LoadResult {
  const failures: string[] = []
  for (const name of path === undefined ? NAMES : [path]) {
    const library = open(name)
    if (typeof library === 'string') {
      failures.push(library)
      continue
    }
    const result = bindingOf(library, name)
    if (typeof result !== 'string') return { available: true, binding: result, path: name }
    failures.push(result)
  }
  return { available: false, reason: `oneDNN was not found: ${failures.join('; ')}.`, hint: HINT }
}

function open(name: string): LibraryHandle | string {
  try {
    const library = koffi.load(name)
    pin(name)
    return library
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`
  }
}

function pin(name: string): void {
  const dlopen: (name: string, flags: number) => bigint | null = koffi.load(null).func('dlopen', 'void *', ['str', 'int'])
  dlopen(name, RTLD_NOW | RTLD_NODELETE)
}

function bindingOf(library: LibraryHandle, name: string): Binding | string {
  try {
    const version: () => bigint = library.func('dnnl_version', 'void *', [])
    const [major, minor, patch] = new Int32Array(koffi.view(version(), 12))
    const opener = OPENERS[major ?? 0]
    if (opener === undefined) return `${name} is version ${major}.${minor}.${patch}, expected ${Object.keys(OPENERS).join(' or ')}`
    return opener(library, `${major}.${minor}.${patch}`)
  } catch (error) {
    return `${name}: ${error instanceof Error ? error.message : String(error)}`
  }
}
