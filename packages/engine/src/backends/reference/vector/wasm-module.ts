// A WebAssembly module of functions without arguments over one imported memory.

import { unsigned, type WasmCode } from './wasm-code.ts'

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const
const PAGE_BYTES = 65_536

export interface WasmMemory {
  readonly buffer: ArrayBuffer
}

/** What is used of the interface; its types come with those of browsers only. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number }) => WasmMemory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: { readonly engine: { readonly memory: WasmMemory } },
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

export function createMemory(bytes: number): WasmMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) })
}

/** Compiles and links the functions. */
export function linkFunctions(memory: WasmMemory, functions: readonly WasmCode[]): readonly (() => void)[] {
  const bytes = [
    ...HEADER,
    // One type: no arguments, no results.
    ...section(SECTION.type, [[0x60, 0, 0]]),
    ...section(SECTION.import, [[...name('engine'), ...name('memory'), 0x02, 0x00, 0]]),
    ...section(
      SECTION.function,
      functions.map(() => [0]),
    ),
    ...section(
      SECTION.export,
      functions.map((_, index) => [...name(`f${index}`), 0x00, ...unsigned(index)]),
    ),
    ...section(
      SECTION.code,
      functions.map((code) => code.finish()),
    ),
  ]
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes)), { engine: { memory } })
  // Only functions are exported.
  return functions.map((_, index) => instance.exports[`f${index}`] as () => void)
}

function section(id: number, entries: readonly (readonly number[])[]): readonly number[] {
  const content = [...unsigned(entries.length), ...entries.flat()]
  return [id, ...unsigned(content.length), ...content]
}

function name(text: string): readonly number[] {
  return [...unsigned(text.length), ...new TextEncoder().encode(text)]
}
