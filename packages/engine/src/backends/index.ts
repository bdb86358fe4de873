export type { Backend, CompileOptions, Executable, NumericArray, RealArray } from './backend.ts'
export { createReferenceBackend, type ReferenceBackendOptions } from './reference/index.ts'
