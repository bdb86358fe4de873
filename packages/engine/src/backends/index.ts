export type { Backend, CompileOptions, Executable, NumericArray, RealArray } from './backend.ts'
export { areDenormalsFlushed, flushDenormals } from './denormals.ts'
export { type OnednnBackend, type OnednnResult, openOnednn } from './onednn/index.ts'
export { createReferenceBackend, type ReferenceBackendOptions } from './reference/index.ts'
